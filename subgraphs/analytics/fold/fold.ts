/** From tallies to what they add to which rollup. Pure. */
import type { Tally } from '../../../platform/event-log/tallies.ts';
import type { DeliveryState } from '../../../platform/graphql/contract-enums.ts';
import { minuteKey, totalKey } from '../store/keys.ts';

export type Counts = Partial<Record<DeliveryState, number>>;

/** What tallies add to which rollup, by rollup key. */
export interface Increments {
  readonly minutes: ReadonlyMap<string, Counts>;
  readonly totals: ReadonlyMap<string, Counts>;
}

export function fold(tallies: readonly Tally[]): Increments {
  const minutes = new Map<string, Counts>();
  const totals = new Map<string, Counts>();
  for (const tally of tallies) {
    const { workspace, app, template } = tally;
    add(minutes, minuteKey(workspace, tally.minute, app, tally.channel), tally);
    add(totals, totalKey(workspace, 'app', app), tally);
    if (template !== undefined) add(totals, totalKey(workspace, 'template', template), tally);
  }
  return { minutes, totals };
}

function add(counts: Map<string, Counts>, key: string, { state, count }: Tally): void {
  const own = counts.get(key) ?? {};
  own[state] = (own[state] ?? 0) + count;
  counts.set(key, own);
}
