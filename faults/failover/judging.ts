/** What scenarios of a failing account are judged by. Pure. */
import type { AccountName } from './fake-messages.ts';
import {
  bursts,
  type Evidence,
  type Figure,
  latencies,
  markOf,
  mostProbes,
  quantile,
  taken,
} from './figures.ts';

/** Before an open circuit's first probe, which comes after 0.8 s at the soonest: a longer gap ends what it let through. */
export const GAP_MS = 500;
/** The second probe has been made by then, should a busy machine have held up the first: pauses of 1 s and 2 s. */
const PROBED_AFTER_MS = 3_000;
/** Attempts under way when a circuit opens: what two dispatchers have slots for, and those that begin before they know. */
export const UNDER_WAY = 2 * 100 + 20;
/** Of a p99: not normal, unless the machine was as slow before. */
const SLOW_MS = 2_000;
const BEFORE_MS = 3_000;

export const seconds = (ms: number): number => Math.round(ms) / 1_000;
export const percent = (part: number, whole: number): number | undefined =>
  whole === 0 ? undefined : Math.round((1_000 * part) / whole) / 10;

/** Times of requests of an account, ascending. */
export const timesAt = (
  { requests }: Evidence,
  account: AccountName,
  from = Number.NEGATIVE_INFINITY,
  to = Number.POSITIVE_INFINITY,
): readonly number[] =>
  requests
    .filter((request) => request.account === account && request.at >= from && request.at < to)
    .map(({ at }) => at);

type Which = Parameters<typeof latencies>[1];

/** p50 and p99 of what was sent in a time. */
export function pace(evidence: Evidence, what: string, which: Which, p99AtMost?: number): readonly Figure[] {
  const sorted = latencies(evidence, which);
  return [
    { what: `${what}, p50`, value: quantile(sorted, 0.5), unit: 'ms' },
    {
      what: `${what}, p99`,
      value: quantile(sorted, 0.99),
      unit: 'ms',
      ...(p99AtMost !== undefined && { atMost: p99AtMost }),
    },
  ];
}

/** The last seconds before the fault: the first ones of a fresh process are slower. */
export const beforeFault = (evidence: Evidence, channel: 'SMS' | 'WEBHOOK'): Which => {
  const fault = markOf(evidence, 'fault');
  return { channel, from: fault - BEFORE_MS, to: fault };
};

/** The most that a p99 may be: where the machine was slow before the fault, it may be so after it. */
export function slow(evidence: Evidence, channel: 'SMS' | 'WEBHOOK'): number {
  const before = quantile(latencies(evidence, beforeFault(evidence, channel)), 0.99);
  return Math.max(SLOW_MS, 3 * (before ?? 0));
}

/** From the first failure of account a on: how soon all goes by b, and what it costs. */
export function moved(evidence: Evidence, to: number, short: boolean): readonly Figure[] {
  const fault = markOf(evidence, 'fault');
  const failed = evidence.requests
    .filter(({ account, at, status }) => account === 'a' && at >= fault && at < to && status !== 201)
    .map(({ at }) => at);
  // A probe is alone. What a busy machine let through late is not, and counts as not moved yet.
  const runs = bursts(failed, GAP_MS);
  const last = runs.findLastIndex((run) => run.length > 1);
  const end = runs[last]?.at(-1) ?? fault;
  const before = failed.filter((at) => at <= end).length;
  const probes = runs.length - 1 - last;
  return [
    {
      what: 'until all went by the second account',
      value: seconds(end - fault),
      unit: 's',
      atMost: short ? 8 : 3,
    },
    {
      what: 'attempts that the first account failed by then',
      value: before,
      unit: '',
      atLeast: 8,
      atMost: UNDER_WAY,
    },
    {
      what: `probes of it in the ${Math.round((to - end) / 1_000)} s after that, of both dispatchers`,
      value: probes,
      unit: '',
      // On a machine that is so busy that moving took all the time, there was none left for one.
      atLeast: to - end < PROBED_AFTER_MS ? 0 : 1,
      // Late ones of a busy machine may look like one.
      atMost: mostProbes((to - end) / 1_000) + (short ? 2 : 0),
    },
    ...pace(evidence, 'SMS sent before', beforeFault(evidence, 'SMS')),
    ...pace(
      evidence,
      'SMS sent until all had moved',
      { channel: 'SMS', from: fault, to: end + 1 },
      slow(evidence, 'SMS'),
    ),
    ...pace(evidence, 'SMS sent after that', { channel: 'SMS', from: end + 1, to }, slow(evidence, 'SMS')),
    ...pace(
      evidence,
      'webhooks meanwhile',
      { channel: 'WEBHOOK', from: fault, to },
      slow(evidence, 'WEBHOOK'),
    ),
  ];
}

/** The first account again, once it is well. */
export function healed(evidence: Evidence, atMost: number): readonly Figure[] {
  const at = markOf(evidence, 'healed');
  const back = taken(evidence.requests, 'a').find((request) => request.at >= at)?.at;
  const last = taken(evidence.requests).filter((request) => request.at >= markOf(evidence, 'settled'));
  return [
    {
      what: 'from the account’s recovery until it was used again',
      value: back === undefined ? undefined : seconds(back - at),
      unit: 's',
      atMost,
    },
    {
      what: 'of the last seconds’ messages by the first account',
      value: percent(last.filter(({ account }) => account === 'a').length, last.length),
      unit: '%',
      atLeast: 95,
    },
  ];
}
