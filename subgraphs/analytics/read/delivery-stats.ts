/** Counts for people: read from rollups, so that their cost does not grow with what was sent. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import {
  type Channel,
  DELIVERY_STATES,
  type DeliveryState,
} from '../../../platform/graphql/contract-enums.ts';
import type { Counts } from '../fold/fold.ts';
import { type MinuteOfKey, minuteRange, parseMinuteKey, totalKey } from '../store/keys.ts';
import type { AnalyticsModels, RollupRecord } from '../store/models.ts';

const HOUR_MS = 3_600_000;
const MAX_RANGE_MS = 24 * HOUR_MS;

export interface StatsFilter {
  readonly from?: Date;
  readonly to?: Date;
  readonly app?: string;
  readonly channels?: readonly Channel[];
  readonly states?: readonly DeliveryState[];
}
export interface StatRow extends MinuteOfKey {
  readonly state: DeliveryState;
  readonly count: number;
}

export interface StatsPage {
  readonly rows: StatRow[];
  readonly totals: Counts;
}

/** @throws HeraldError BAD_USER_INPUT naming `from` or `to`. */
export function rangeOf(filter: StatsFilter, now: Date): { from: Date; to: Date } {
  const to = filter.to ?? now;
  const from = filter.from ?? new Date(to.getTime() - HOUR_MS);
  if (from >= to) throw badInput('from', 'Must be before `to`.');
  if (to.getTime() - from.getTime() > MAX_RANGE_MS)
    throw badInput('from', 'Must be at most 24 hours before `to`.');
  return { from, to };
}

export class DeliveryStatsReader {
  readonly #models: AnalyticsModels;
  constructor(models: AnalyticsModels) {
    this.#models = models;
  }

  /** Oldest minute first; within a minute by app, channel and state. */
  async rows(workspace: string, filter: StatsFilter, now: Date): Promise<StatRow[]> {
    const { from, to } = rangeOf(filter, now);
    const found = await this.#models.minutes
      .find({ _id: minuteRange(workspace, from, to) })
      .sort({ _id: 1 })
      .lean<RollupRecord[]>();
    return found.flatMap(({ _id, counts }) => {
      const of = parseMinuteKey(_id);
      if (filter.app !== undefined && of.app !== filter.app) return [];
      if (filter.channels && !filter.channels.includes(of.channel)) return [];
      return DELIVERY_STATES.flatMap((state) => {
        const count = counts[state] ?? 0;
        return count > 0 && (!filter.states || filter.states.includes(state))
          ? [{ ...of, state, count }]
          : [];
      });
    });
  }

  /** In the order of `ids`; nothing counted is an empty record. */
  async totals(workspace: string, kind: 'app' | 'template', ids: readonly string[]): Promise<Counts[]> {
    const keys = ids.map((id) => totalKey(workspace, kind, id));
    const found = await this.#models.totals.find({ _id: { $in: keys } }).lean<RollupRecord[]>();
    const byKey = new Map(found.map((r) => [r._id, r.counts]));
    return keys.map((key) => byKey.get(key) ?? {});
  }
}

export const sumOf = (rows: readonly StatRow[]): Counts => {
  const counts: Counts = {};
  for (const { state, count } of rows) counts[state] = (counts[state] ?? 0) + count;
  return counts;
};
