/** What is measured of a run, from what the client, the fakes and the store wrote down. Pure. */

import type { Priority } from '../../platform/graphql/contract-enums.ts';
import type { Verdict } from '../check/check.ts';
import type { SentEntry } from '../load/load.ts';
import type { AccountName, FakeRequest } from './fake-messages.ts';

/** A figure of the report; it holds within its bounds. */
export interface Figure {
  readonly what: string;
  /** Undefined: there was nothing to measure, which holds in no bounds. */
  readonly value: number | undefined;
  readonly unit: '' | 's' | 'ms' | '%' | '/s';
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** All that a scenario is judged by. Times are epoch ms, of one machine's clock. */
export interface Evidence {
  readonly sent: readonly SentEntry[];
  /** At the fakes, in their order. */
  readonly requests: readonly FakeRequest[];
  /** By key: when the other channel's provider received it first. */
  readonly webhooks: ReadonlyMap<string, number>;
  /** What the scenario did, and when. */
  readonly marks: Readonly<Record<string, number>>;
  readonly verdict: Pick<Verdict, 'lost' | 'unexpected' | 'duplicated' | 'ends'>;
}

export const holds = ({ value, atMost, atLeast }: Figure): boolean =>
  value === undefined
    ? atMost === undefined && atLeast === undefined
    : value <= (atMost ?? Number.POSITIVE_INFINITY) && value >= (atLeast ?? Number.NEGATIVE_INFINITY);

/** @throws Error for a mark that the scenario did not set. */
export function markOf({ marks }: Pick<Evidence, 'marks'>, name: string): number {
  const at = marks[name];
  if (at === undefined) throw new Error(`The scenario has no mark ${name}.`);
  return at;
}

export const taken = (requests: readonly FakeRequest[], account?: AccountName): readonly FakeRequest[] =>
  requests.filter((request) => request.status === 201 && (account ?? request.account) === request.account);

/** In ms from the client's sending to the provider's taking, of what was sent between the two times and was taken. */
export function latencies(
  evidence: Evidence,
  which: {
    readonly channel: 'SMS' | 'WEBHOOK';
    readonly from?: number;
    readonly to?: number;
    readonly priority?: Priority;
  },
): readonly number[] {
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, channel, priority } = which;
  const takenAt =
    channel === 'WEBHOOK'
      ? evidence.webhooks
      : new Map(
          taken(evidence.requests)
            .toReversed()
            .map(({ key, at }) => [key, at]),
        );
  return evidence.sent
    .filter(
      (entry) =>
        entry.at >= from &&
        entry.at < to &&
        entry.channels.includes(channel) &&
        (priority ?? entry.priority) === entry.priority,
    )
    .flatMap(({ key, at }) => {
      const end = takenAt.get(key);
      return end === undefined ? [] : [end - at];
    })
    .sort((a, b) => a - b);
}

/** @param sorted ascending. @param share in [0, 1]. */
export const quantile = (sorted: readonly number[], share: number): number | undefined =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** The most of `times` (ascending) in any window of so many ms. */
export function mostInWindow(times: readonly number[], windowMs: number): number {
  let most = 0;
  let first = 0;
  times.forEach((at, index) => {
    while ((times[first] ?? at) <= at - windowMs) first++;
    most = Math.max(most, index - first + 1);
  });
  return most;
}

/** Times (ascending) that are no further than `gapMs` from one to the next, together. */
export function bursts(times: readonly number[], gapMs: number): readonly (readonly number[])[] {
  const found: number[][] = [];
  for (const at of times) {
    const last = found.at(-1);
    if (last && at - (last.at(-1) ?? at) <= gapMs) last.push(at);
    else found.push([at]);
  }
  return found;
}

/** Of a circuit that one breaker keeps for all: it opens for 1, 2, 4 … s, a fifth less at the least, 60 s at the most. */
export function mostProbes(seconds: number): number {
  let probes = 0;
  let pauses = 0;
  for (let pause = 1; ; pause = Math.min(60, 2 * pause)) {
    pauses += pause;
    if (8 * pauses > 10 * seconds) return probes;
    probes++;
  }
}
