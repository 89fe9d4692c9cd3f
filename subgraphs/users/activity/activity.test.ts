import { describe, expect, it } from 'vitest';
import { activityOf, afterEngagements, type Engagements, RECENT_DAYS, together } from './activity.ts';

const day = (n: number, hours = 12) => new Date(Date.UTC(2026, 0, 1) + (n * 24 + hours) * 3_600_000);
const opened = (at: Date, count = 1): Engagements => ({ opened: { count, at } });
const clicked = (at: Date, count = 1): Engagements => ({ clicked: { count, at } });
/** What is stored after all of them, each written when it happened. */
const stored = (...told: Engagements[]): string =>
  told.reduce<string | undefined>(
    (text, one) => afterEngagements(text, one, one.opened?.at ?? one.clicked?.at ?? day(0)),
    undefined,
  ) ?? '';
const counts = (all: [number, number], recent: [number, number]) => ({
  opened: all[0],
  clicked: all[1],
  openedRecently: recent[0],
  clickedRecently: recent[1],
});

describe('what is known of activity', () => {
  it.each<
    [what: string, told: Engagements[], today: Date, last: Date | undefined, ReturnType<typeof counts>]
  >([
    ['the first message', [opened(day(3))], day(3, 23), day(3), counts([1, 0], [1, 0])],
    ['a click alone', [clicked(day(3))], day(3), undefined, counts([0, 1], [0, 1])],
    [
      'several of a day, and of several days',
      [opened(day(1)), opened(day(1, 13), 2), clicked(day(1, 14)), opened(day(2))],
      day(2, 23),
      day(2),
      counts([4, 1], [4, 1]),
    ],
    ['one of thirty days ago', [opened(day(0))], day(RECENT_DAYS, 0), day(0), counts([1, 0], [0, 0])],
    [
      'one of the first recent day',
      [opened(day(1, 0))],
      day(RECENT_DAYS, 23),
      day(1, 0),
      counts([1, 0], [1, 0]),
    ],
    ['one that is told late', [opened(day(5)), opened(day(4))], day(5), day(5), counts([2, 0], [2, 0])],
  ])('%s', (_, told, today, lastOpenedAt, expected) => {
    expect(activityOf(stored(...told), today)).toEqual({
      ...(lastOpenedAt && { lastOpenedAt }),
      counts: expected,
    });
  });

  it('stays small over the years', () => {
    const years = Array.from({ length: 1_000 }, (_, n) => opened(day(n), 1_000));
    const text = stored(...years, clicked(day(999)));
    expect(text.length).toBeLessThan(800);
    expect(activityOf(text, day(999)).counts).toEqual(counts([1_000_000, 1], [30_000, 1]));
  });

  it('is the same when it is written together', () => {
    const both = together(together(opened(day(2)), clicked(day(1))), opened(day(2, 5)));
    expect(both).toEqual({ opened: { count: 2, at: day(2) }, clicked: { count: 1, at: day(1) } });
    expect(activityOf(afterEngagements(undefined, both, day(2)), day(2))).toEqual({
      lastOpenedAt: day(2),
      counts: counts([2, 1], [2, 1]),
    });
  });
});
