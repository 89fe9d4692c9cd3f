/** What a person did with messages: how often they opened and clicked, of late and ever. Pure. */
import type { UserCounts } from '../contract.ts';

/** What the receiver did. */
export type Engagement = 'opened' | 'clicked';

/** Messages that were opened, or clicked, and when the newest one was. */
interface Sum {
  readonly count: number;
  readonly at: Date;
}
export type Engagements = Readonly<Partial<Record<Engagement, Sum>>>;

/** What is known of a person who has done something. */
export interface Activity {
  readonly lastOpenedAt?: Date;
  readonly counts: UserCounts;
}

/** As it is stored: JSON text of a few hundred bytes, read with every user. Times are Unix milliseconds. */
interface Stored {
  readonly opened: number;
  readonly clicked: number;
  readonly openedAt?: number;
  /** Days since 1970 (UTC) with what was opened and clicked on them, oldest first. */
  readonly days: readonly (readonly [day: number, opened: number, clicked: number])[];
}

const DAY_MS = 24 * 3_600_000;
/** "Of late": today and the days before it. */
export const RECENT_DAYS = 30;
const NOTHING: Stored = { opened: 0, clicked: 0, days: [] };

const dayOf = (at: Date): number => Math.floor(at.getTime() / DAY_MS);
const parse = (text: string | undefined): Stored =>
  text === undefined ? NOTHING : (JSON.parse(text) as Stored);

/** @param text as stored; undefined of somebody who has done nothing yet. */
export function afterEngagements(text: string | undefined, told: Engagements, now: Date): string {
  const before = parse(text);
  const days = new Map(before.days.map((day) => [day[0], day]));
  for (const [kind, sum] of Object.entries(told)) {
    const day = dayOf(sum.at);
    const [, opened, clicked] = days.get(day) ?? [day, 0, 0];
    days.set(
      day,
      kind === 'opened' ? [day, opened + sum.count, clicked] : [day, opened, clicked + sum.count],
    );
  }
  const openedAt = Math.max(before.openedAt ?? 0, told.opened?.at.getTime() ?? 0);
  const after: Stored = {
    opened: before.opened + (told.opened?.count ?? 0),
    clicked: before.clicked + (told.clicked?.count ?? 0),
    ...(openedAt > 0 && { openedAt }),
    days: [...days.values()].filter(([day]) => day > dayOf(now) - RECENT_DAYS).sort(([a], [b]) => a - b),
  };
  return JSON.stringify(after);
}

/** What a stored text says today. */
export function activityOf(text: string, now: Date): Activity {
  const { opened, clicked, openedAt, days } = parse(text);
  const first = dayOf(now) - RECENT_DAYS;
  let openedRecently = 0;
  let clickedRecently = 0;
  for (const [day, o, c] of days) {
    if (day <= first) continue;
    openedRecently += o;
    clickedRecently += c;
  }
  return {
    ...(openedAt !== undefined && { lastOpenedAt: new Date(openedAt) }),
    counts: { opened, clicked, openedRecently, clickedRecently },
  };
}

/** Two accounts of the same person as one. */
export function together(one: Engagements, other: Engagements): Engagements {
  const sum: Partial<Record<Engagement, Sum>> = { ...one };
  for (const [kind, more] of Object.entries(other) as [Engagement, Sum][]) {
    const known = sum[kind];
    const at = Math.max(more.at.getTime(), known?.at.getTime() ?? 0);
    sum[kind] = { count: more.count + (known?.count ?? 0), at: new Date(at) };
  }
  return sum;
}
