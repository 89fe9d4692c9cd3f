/** Deliveries today, and of the last hour by channel. */
import { channelTag } from '../lib/channels.js';
import { byId, fill, h } from '../lib/dom.js';
import { request } from '../lib/graphql-http.js';

const NUMBERS = `query Numbers($today: DateTime!, $hourAgo: DateTime!) {
  today: deliveryStats(from: $today) { totals { queued sent delivered failed skipped expired canceled } }
  lastHour: deliveryStats(from: $hourAgo) { rows { channel state count } }
}`;

/** @typedef {{ today: { totals: Record<string, number> }, lastHour: { rows: { channel: string, state: string, count: number }[] } }} Numbers */

const COLUMNS = ['QUEUED', 'SENT', 'DELIVERED', 'FAILED', 'SKIPPED'];
const REFRESH_MS = 5_000;
const LONGEST_RANGE_MS = 24 * 3_600_000;
const number = new Intl.NumberFormat();

/** Keeps the numbers current while the page is visible. @param {string} key @param {(error: unknown) => void} onError */
export function startNumbers(key, onError) {
  const load = async () => {
    if (document.visibilityState !== 'visible') return;
    try {
      show(await request(key, NUMBERS, ranges(new Date())));
    } catch (error) {
      onError(error);
    }
  };
  const timer = setInterval(load, REFRESH_MS);
  load();
  return { stop: () => clearInterval(timer) };
}

/** Local midnight; a day of 25 hours is cut. @param {Date} now */
function ranges(now) {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  return {
    today: new Date(Math.max(midnight, now.getTime() - LONGEST_RANGE_MS + 60_000)).toISOString(),
    hourAgo: new Date(now.getTime() - 3_600_000).toISOString(),
  };
}

/** @param {Numbers} numbers */
function show({ today, lastHour }) {
  fill(
    byId('totals'),
    ...Object.entries(today.totals).map(([name, count]) =>
      h(
        'div',
        { class: name === 'failed' && count > 0 ? 'bad' : '', 'data-total': name },
        h('dt', {}, `${name.charAt(0).toUpperCase()}${name.slice(1)} today`),
        h('dd', {}, number.format(count)),
      ),
    ),
  );
  const byChannel = Map.groupBy(lastHour.rows, ({ channel }) => channel);
  byId('channels-empty').hidden = byChannel.size > 0;
  fill(
    byId('channels'),
    ...[...byChannel.keys()].sort().map((channel) => {
      const rows = byChannel.get(channel) ?? [];
      const count = (/** @type {string} */ state) =>
        rows.filter((row) => row.state === state).reduce((sum, row) => sum + row.count, 0);
      return h(
        'tr',
        {},
        h('td', {}, channelTag(channel)),
        ...COLUMNS.map((state) => h('td', { class: 'number' }, number.format(count(state)))),
      );
    }),
  );
}
