/** One notification: its deliveries, attempts and timeline; canceling and replaying it. */
import { channelTag, stateTag } from '../lib/channels.js';
import { byId, fill, h } from '../lib/dom.js';
import { request, sentenceOf } from '../lib/graphql-http.js';
import { icon } from '../lib/icons.js';
import { clockTime, span } from '../lib/moments.js';
import { showTimeline, TIMELINE_FIELDS } from '../lib/timeline.js';

const DETAIL = `query Notification($id: ID!) {
  notification(id: $id) {
    id state priority event category createdAt app { id name } template { id name } ${TIMELINE_FIELDS}
    deliveries(first: 50) {
      totalCount
      nodes {
        id channel state skipReason address provider user { id name }
        attempts { at provider ok errorCode errorMessage latencyMs }
      }
    }
  }
}`;
const CANCEL = 'mutation Cancel($id: ID!) { changed: cancelNotification(id: $id) { id } }';
const REPLAY = 'mutation Replay($id: ID!) { changed: replayNotification(id: $id) { id } }';

/**
 * @typedef {{ at: string, provider: string, ok: boolean, errorCode: string | null, errorMessage: string | null, latencyMs: number }} Attempt
 * @typedef {{ id: string, channel: string, state: string, skipReason: string | null, address: string | null,
 *   provider: string | null, user: { id: string, name: string | null } | null, attempts: Attempt[] }} Delivery
 * @typedef {{ id: string, state: string, priority: string, event: string | null, category: string | null, createdAt: string,
 *   app: { id: string, name: string } | null, template: { id: string, name: string } | null,
 *   timeline: import('../lib/timeline.js').TimelineEntry[],
 *   deliveries: { totalCount: number, nodes: Delivery[] } }} Notification
 */

const ENDED = ['COMPLETED', 'CANCELED', 'EXPIRED'];
const REFRESH_MS = 2_000;

/** @param {string} key @param {() => void} onChanged called after a cancel or a replay */
export function startDetail(key, onChanged) {
  const dialog = byId('detail', HTMLDialogElement);
  const cancel = byId('cancel', HTMLButtonElement);
  const replay = byId('replay', HTMLButtonElement);
  const note = byId('detail-note');
  const ending = new AbortController();
  let id = '';

  async function load() {
    const asked = id;
    try {
      const { notification } = /** @type {{ notification: Notification | null }} */ (
        await request(key, DETAIL, { id })
      );
      if (asked !== id || !dialog.open) return;
      if (!notification) note.textContent = 'There is no such notification.';
      else show(notification);
    } catch (error) {
      note.textContent = sentenceOf(error);
    }
  }

  /** @param {Notification} notification */
  function show({ state, priority, event, category, app, template, timeline, deliveries }) {
    fill(byId('detail-state'), stateTag(state));
    const what = [
      event && `event ${event}`,
      template && `template ${template.name}`,
      category && `category ${category}`,
      `priority ${priority.toLowerCase()}`,
      app && `by ${app.name}`,
    ];
    byId('detail-what').textContent = what.filter(Boolean).join(' · ');
    cancel.disabled = ENDED.includes(state);
    replay.disabled = !deliveries.nodes.some((delivery) => delivery.state === 'FAILED');
    const more = deliveries.totalCount - deliveries.nodes.length;
    fill(
      byId('detail-deliveries'),
      ...deliveries.nodes.map(deliveryItem),
      more > 0 && h('li', { class: 'muted' }, `${more.toLocaleString()} more`),
    );
    showTimeline(byId('detail-hops'), timeline);
  }

  /** @param {string} mutation @param {string} done */
  async function change(mutation, done) {
    cancel.disabled = true;
    replay.disabled = true;
    try {
      const { changed } = /** @type {{ changed: { id: string } }} */ (await request(key, mutation, { id }));
      note.textContent = done;
      id = changed.id;
      byId('detail-title').textContent = id;
      onChanged();
    } catch (error) {
      note.textContent = sentenceOf(error);
    }
    await load();
  }

  fill(byId('detail-close'), icon('cross'));
  const listen = (/** @type {HTMLElement} */ element, /** @type {() => unknown} */ listener) =>
    element.addEventListener('click', listener, { signal: ending.signal });
  listen(byId('detail-close'), () => dialog.close());
  listen(cancel, () => change(CANCEL, 'Canceled: what had not been sent will not be.'));
  listen(replay, () => change(REPLAY, 'Sent again. This is the replay.'));
  dialog.addEventListener(
    'click',
    (event) => {
      // A click on what lies around it.
      if (event.target === dialog) dialog.close();
    },
    { signal: ending.signal },
  );
  const timer = setInterval(() => {
    if (dialog.open && document.visibilityState === 'visible') load();
  }, REFRESH_MS);

  return {
    /** @param {string} notification */
    open(notification) {
      id = notification;
      note.textContent = '';
      for (const place of ['detail-state', 'detail-what', 'detail-deliveries', 'detail-hops'])
        fill(byId(place));
      byId('detail-title').textContent = id;
      cancel.disabled = true;
      replay.disabled = true;
      if (!dialog.open) dialog.showModal();
      load();
    },
    stop() {
      clearInterval(timer);
      ending.abort();
      dialog.close();
    },
  };
}

/** @param {Delivery} delivery */
function deliveryItem({ channel, state, skipReason, address, user, attempts }) {
  const to = [user && (user.name ?? user.id), address].filter(Boolean).join(' · ');
  return h(
    'li',
    {},
    h(
      'p',
      { class: 'delivery-head' },
      channelTag(channel),
      stateTag(state),
      skipReason && h('span', { class: 'muted' }, skipReason.toLowerCase().replaceAll('_', ' ')),
      h('span', { class: 'muted address' }, to),
    ),
    attempts.length > 0 && h('ol', { class: 'attempts' }, ...attempts.map(attemptItem)),
  );
}

/** @param {Attempt} attempt */
function attemptItem({ at, provider, ok, errorCode, errorMessage, latencyMs }) {
  const result = ok ? 'taken' : [errorCode, errorMessage].filter(Boolean).join(': ') || 'failed';
  return h(
    'li',
    { class: ok ? 'muted' : 'bad-text' },
    `${clockTime(at)} · ${provider} · ${span(latencyMs)} · ${result}`,
  );
}
