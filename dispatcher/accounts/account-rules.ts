/** Which accounts may be used now, and which goes first. Pure. */
import type { AllowedHours } from '../../subgraphs/notifications/index.ts';

const DAY_MINUTES = 24 * 60;

/**
 * How long until the hours begin; 0 within them. On a day on which clocks change it may be an hour off: whoever waits
 * looks again.
 */
export function opensInMs(hours: AllowedHours | undefined, now: Date): number {
  if (!hours) return 0;
  const minute = minuteOfDay(now, hours.timezone);
  const from = minutesOf(hours.from);
  const to = minutesOf(hours.to);
  const within = from < to ? minute >= from && minute < to : minute >= from || minute < to;
  if (within) return 0;
  const intoMinute = now.getTime() % 60_000;
  return ((from - minute + DAY_MINUTES) % DAY_MINUTES) * 60_000 - intoMinute;
}

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

/** Making a format is dear; there are few zones. */
const formats = new Map<string, Intl.DateTimeFormat>();

function minuteOfDay(now: Date, timeZone: string): number {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    formats.set(timeZone, format);
  }
  return minutesOf(format.format(now));
}

/** What the order goes by. */
export interface Ranked {
  readonly order: number;
  readonly weight: number;
}

/**
 * By order; among equals at random, each as likely to be the next one as its weight says.
 * @param random in [0, 1), asked once for each account that has equals.
 */
export function inOrder<A>(
  accounts: readonly A[],
  rankOf: (account: A) => Ranked,
  random: () => number,
): readonly A[] {
  if (accounts.length < 2) return accounts;
  const byOrder = Map.groupBy(accounts, (account) => rankOf(account).order);
  return [...byOrder]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([, equals]) => (equals.length < 2 ? equals : shuffled(equals, rankOf, random)));
}

/** Efraimidis and Spirakis, Weighted random sampling with a reservoir (2006): the greatest u^(1/w) come first. */
const shuffled = <A>(equals: readonly A[], rankOf: (account: A) => Ranked, random: () => number): A[] =>
  equals
    .map((account) => ({ account, key: random() ** (1 / rankOf(account).weight) }))
    .toSorted((a, b) => b.key - a.key)
    .map(({ account }) => account);
