/** How a provider account fares, in words. */
import { stateTag } from '../lib/channels.js';
import { h } from '../lib/dom.js';
import { clockTime, timeElement } from '../lib/moments.js';

/**
 * @typedef {{ state: string, reason: string | null, since: string | null, pausedUntil: string | null,
 *   pausedHosts: number | null, sentLastMinute: number | null, failedLastMinute: number | null,
 *   circuit: { state: string, probesAt: string | null } | null,
 *   lastError: { code: string, message: string, at: string } | null,
 *   ratePerSecond: number | null, dailyQuotaUsed: number | null, checkedAt: string | null }} Health
 */

export const HEALTH_FIELDS = `health {
  state reason since pausedUntil pausedHosts sentLastMinute failedLastMinute ratePerSecond dailyQuotaUsed checkedAt
  circuit { state probesAt } lastError { code message at }
}`;

/** A badge, with the reason below where there is one. @param {Health} health */
export const healthCell = ({ state, reason, since, pausedUntil }) => [
  stateTag(state),
  since && h('span', { class: 'muted since' }, ' since ', timeElement(since)),
  reason &&
    h('span', { class: 'muted' }, pausedUntil ? `${reason} Until ${clockTime(pausedUntil)}.` : reason),
];

/** @param {Health} health */
export const lastMinute = ({ sentLastMinute: sent, failedLastMinute: failed }) =>
  sent === null ? '–' : `${sent.toLocaleString()}${failed ? ` / ${failed.toLocaleString()} failed` : ''}`;

/** All of it. @param {Health} health @param {number | null} dailyQuota @param {string | null} receiptPath */
export function healthFacts(health, dailyQuota, receiptPath) {
  const { circuit, pausedUntil, pausedHosts, lastError, ratePerSecond, dailyQuotaUsed, checkedAt } = health;
  /** @type {[string, import('../lib/dom.js').Child[]][]} */
  const facts = [
    ['Health', healthCell(health)],
    [
      'Last minute',
      [health.sentLastMinute !== null && `${lastMinute(health)}${health.failedLastMinute ? '' : ' sent'}`],
    ],
    ['Circuit breaker', [circuit && circuitInWords(circuit)]],
    ['Paused until', [pausedUntil && clockTime(pausedUntil)]],
    ['Paused hosts', [pausedHosts]],
    [
      'Last error',
      [
        lastError &&
          h('span', {}, h('code', {}, lastError.code), ` ${lastError.message} `, timeElement(lastError.at)),
      ],
    ],
    ['Rate limit', [ratePerSecond !== null && `${ratePerSecond.toLocaleString()} a second`]],
    [
      'Sent today',
      [
        dailyQuotaUsed !== null &&
          dailyQuota !== null &&
          `${dailyQuotaUsed.toLocaleString()} of ${dailyQuota.toLocaleString()}`,
      ],
    ],
    ['Provider asked', [checkedAt && timeElement(checkedAt)]],
    ['Receipts to', [receiptPath && h('code', {}, receiptPath)]],
  ];
  return h(
    'dl',
    { class: 'facts' },
    ...facts
      .filter(([, values]) => values.some((value) => value !== null && value !== false))
      .flatMap(([name, values]) => [h('dt', {}, name), h('dd', {}, ...values)]),
  );
}

/** @param {{ state: string, probesAt: string | null }} circuit */
const circuitInWords = ({ state, probesAt }) =>
  state === 'CLOSED'
    ? 'Closed'
    : state === 'HALF_OPEN'
      ? 'Half open: a probe is under way'
      : `Open${probesAt ? `: probes after ${clockTime(probesAt)}` : ''}`;
