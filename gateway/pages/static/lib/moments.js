/** Moments and spans as people read them. */

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** @type {readonly [Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** For example "3 min. ago". @param {string} at RFC 3339 @param {number} [nowMs] */
export function timeAgo(at, nowMs = Date.now()) {
  const seconds = Math.max(0, (nowMs - Date.parse(at)) / 1_000);
  const unit = UNITS.find(([, length]) => seconds >= length);
  return unit ? relative.format(-Math.floor(seconds / unit[1]), unit[0]) : 'just now';
}

/** A time element that `refreshTimes` keeps current. @param {string} at RFC 3339 */
export function timeElement(at) {
  const element = document.createElement('time');
  element.dateTime = at;
  element.title = full.format(new Date(at));
  element.textContent = timeAgo(at);
  return element;
}

/** @param {ParentNode} [root] */
export function refreshTimes(root = document) {
  for (const element of root.querySelectorAll('time')) {
    const text = timeAgo(element.dateTime);
    if (element.textContent !== text) element.textContent = text;
  }
}

/** @param {string} at RFC 3339 */
export const clockTime = (at) => clock.format(new Date(at));

/** For example "340 ms" or "2.1 s". @param {number} ms */
export const span = (ms) =>
  ms < 1_000
    ? `${Math.round(ms)} ms`
    : ms < 60_000
      ? `${(ms / 1_000).toFixed(1)} s`
      : `${Math.round(ms / 1_000)} s`;
