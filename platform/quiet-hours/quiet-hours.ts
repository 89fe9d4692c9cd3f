/** The hours in which somebody is not to be disturbed. Pure. */
import { LRUCache } from 'lru-cache';
import { localDateTime, momentOf } from '../local-time/local-time.ts';

export const WEEKDAYS = [
  'MONDAY',
  'TUESDAY',
  'WEDNESDAY',
  'THURSDAY',
  'FRIDAY',
  'SATURDAY',
  'SUNDAY',
] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** From one time of the day (`HH:MM`) to another one, which is on the next day where it is not later. */
export interface QuietHours {
  readonly from: string;
  readonly to: string;
  /** IANA name; absent: where the person lives. */
  readonly timezone?: string;
  /** Those on which they begin; absent: all, empty: none. */
  readonly days?: readonly Weekday[];
}

/**
 * When the quiet hours of this moment end.
 * Where clocks are put back over one of their ends they begin at its first occurrence and end at its last; where they
 * are put forward over one, it is when that is done.
 * @param timezone where the person lives.
 * @returns undefined when it is not quiet.
 */
export function quietUntil(hours: QuietHours, timezone: string | undefined, now: Date): Date | undefined {
  const zone = hours.timezone ?? timezone ?? 'UTC';
  const minute = Math.floor(now.getTime() / MINUTE_MS);
  const key = `${hours.from} ${hours.to} ${hours.days} ${zone} ${minute}`;
  const known = answers.get(key) ?? { end: endOf(hours, zone, now) };
  answers.set(key, known);
  return known.end;
}

const MINUTE_MS = 60_000;
/**
 * Asking for the clocks of a zone costs some 100 µs, and many people have the same hours. The answer is the same for
 * a whole minute: times are of minutes, and since 1972 all clocks are whole minutes apart.
 */
const answers = new LRUCache<string, { readonly end: Date | undefined }>({ max: 5_000 });

function endOf({ from, to, days }: QuietHours, zone: string, now: Date): Date | undefined {
  const today = localDateTime(now, zone);
  const overMidnight = to <= from ? 1 : 0;
  // They are shorter than a day: what began earlier is over.
  for (const begins of [today, today.minus({ days: 1 })]) {
    const weekday = WEEKDAYS[begins.weekday - 1];
    if (days && !(weekday && days.includes(weekday))) continue;
    const end = momentOf(begins.plus({ days: overMidnight }), to, 'last');
    if (momentOf(begins, from, 'first') <= now && now < end) return end;
  }
  return undefined;
}
