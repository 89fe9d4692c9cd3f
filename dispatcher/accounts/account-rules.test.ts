import { describe, expect, it } from 'vitest';
import { inOrder, opensInMs } from './account-rules.ts';

const hours = (from: string, to: string, timezone = 'UTC') => ({ from, to, timezone });
const at = (time: string) => new Date(`2026-06-01T${time}Z`);
const HOUR = 3_600_000;

describe('opensInMs', () => {
  it.each([
    ['none: always', undefined, '03:00:00', 0],
    ['at their begin', hours('08:00', '18:00'), '08:00:00', 0],
    ['within', hours('08:00', '18:00'), '17:59:59', 0],
    ['at their end', hours('08:00', '18:00'), '18:00:00', 14 * HOUR],
    ['before', hours('08:00', '18:00'), '07:59:30', 30_000],
    ['over midnight, before it', hours('22:00', '06:00'), '23:00:00', 0],
    ['over midnight, after it', hours('22:00', '06:00'), '05:59:00', 0],
    ['over midnight, by day', hours('22:00', '06:00'), '12:00:00', 10 * HOUR],
    ['in another zone', hours('08:00', '18:00', 'Europe/Berlin'), '06:00:00', 0],
    ['in another zone, before', hours('08:00', '18:00', 'Asia/Tokyo'), '22:30:00', 0.5 * HOUR],
  ])('%s', (_what, given, time, waitMs) => {
    expect(opensInMs(given, at(time))).toBe(waitMs);
  });
});

describe('inOrder', () => {
  const account = (id: string, order: number, weight = 100) => ({ id, order, weight });
  const ids = (accounts: readonly { id: string }[]) => accounts.map(({ id }) => id).join('');
  const rank = (a: { order: number; weight: number }) => a;

  it('goes by order, and asks no chance where there are no equals', () => {
    const never = () => {
      throw new Error('asked');
    };
    expect(ids(inOrder([account('c', 30), account('a', 1), account('b', 2)], rank, never))).toBe('abc');
  });

  it('shares by weight among equals', () => {
    const accounts = [account('a', 1, 300), account('b', 1, 100), account('z', 2, 1_000)];
    const first = { a: 0, b: 0 };
    for (let i = 0; i < 4_000; i++) {
      const order = ids(inOrder(accounts, rank, Math.random));
      expect(order.at(-1)).toBe('z');
      first[order[0] as 'a' | 'b']++;
    }
    expect(first.a / 4_000).toBeGreaterThan(0.7);
    expect(first.a / 4_000).toBeLessThan(0.8);
  });
});
