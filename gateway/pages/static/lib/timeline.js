/** The timeline of one notification, hop by hop. */
import { channelTag } from './channels.js';
import { fill, h } from './dom.js';
import { icon } from './icons.js';
import { span } from './moments.js';

/** @typedef {{ at: string, type: string, channel: string | null, detail: Record<string, unknown> | null }} TimelineEntry */

export const TIMELINE_FIELDS = 'timeline { at type channel detail }';

/** @type {Readonly<Record<string, readonly [string, import('./icons.js').IconName, string]>>} */
const STEPS = {
  accepted: ['Accepted', 'check', 'busy'],
  scheduled: ['Scheduled', 'clock', 'busy'],
  routed: ['Routed', 'route', 'busy'],
  rendered: ['Rendered', 'pen', 'busy'],
  attempt: ['Attempt', 'send', 'busy'],
  retry: ['Retry', 'again', 'quiet'],
  sent: ['Sent', 'send', 'good'],
  delivered: ['Delivered', 'check', 'good'],
  opened: ['Opened', 'eye', 'good'],
  clicked: ['Clicked', 'eye', 'good'],
  completed: ['Completed', 'flag', 'good'],
  skipped: ['Skipped', 'skip', 'quiet'],
  canceled: ['Canceled', 'cross', 'quiet'],
  expired: ['Expired', 'clock', 'bad'],
  failed: ['Failed', 'cross', 'bad'],
  replayed: ['Replayed', 'again', 'busy'],
  replayOf: ['Replay of another', 'again', 'busy'],
};

/** What a hop says besides its name. @param {TimelineEntry} entry */
function remark({ type, detail }) {
  const d = detail ?? {};
  const text = (/** @type {unknown} */ value) => (value === undefined || value === null ? '' : String(value));
  switch (type) {
    case 'accepted':
      return [
        text(d.event) && `event ${d.event}`,
        text(d.priority) && `priority ${text(d.priority).toLowerCase()}`,
      ];
    case 'routed':
      return [
        d.deliveries === 1 ? '1 delivery' : text(d.deliveries) && `${d.deliveries} deliveries`,
        text(d.template) && `template ${d.template} v${text(d.templateVersion)}`,
      ];
    case 'rendered':
      return [text(d.address)];
    case 'attempt':
      return [
        text(d.provider),
        d.ok === true
          ? span(Number(d.latencyMs))
          : [text(d.errorCode), text(d.errorMessage)].filter(Boolean).join(': '),
      ];
    case 'sent':
      return [text(d.provider) && `by ${d.provider}`, text(d.address)];
    case 'skipped':
      return [text(d.reason).toLowerCase().replaceAll('_', ' ')];
    case 'scheduled':
      return [text(d.dueAt)];
    case 'replayed':
    case 'replayOf':
      return [text(d.notification)];
    default:
      return [];
  }
}

/**
 * Shows the entries in `list`, with the time since the first of them. Hops that are there already stay, so that
 * only what is new moves.
 * @param {HTMLElement} list an ol
 * @param {readonly TimelineEntry[]} entries oldest first
 */
export function showTimeline(list, entries) {
  const startMs = entries[0] ? Date.parse(entries[0].at) : 0;
  /** @type {Map<string, Element>} */
  const known = new Map([...list.children].map((item) => [item.getAttribute('data-key') ?? '', item]));
  fill(
    list,
    ...entries.map((entry) => {
      const key = JSON.stringify(entry);
      return known.get(key) ?? hop(entry, key, Date.parse(entry.at) - startMs);
    }),
  );
}

/** @param {TimelineEntry} entry @param {string} key @param {number} offsetMs */
function hop(entry, key, offsetMs) {
  const [label, iconName, tone] = STEPS[entry.type] ?? [entry.type, 'dot', 'quiet'];
  const failedAttempt = entry.type === 'attempt' && entry.detail?.ok === false;
  const remarks = remark(entry).filter(Boolean).join(' · ');
  return h(
    'li',
    { class: 'hop', 'data-key': key, 'data-type': entry.type, 'data-channel': entry.channel },
    h('span', { class: `hop-mark ${failedAttempt ? 'bad' : tone}` }, icon(iconName)),
    h(
      'span',
      { class: 'hop-text' },
      h('strong', {}, label),
      entry.channel && channelTag(entry.channel),
      remarks && h('span', { class: 'muted' }, remarks),
    ),
    h('span', { class: 'hop-time' }, `+${span(offsetMs)}`),
  );
}
