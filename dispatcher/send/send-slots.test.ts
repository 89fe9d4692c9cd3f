import { describe, expect, it } from 'vitest';
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import { freeFor, nextTurn, SendSlots } from './send-slots.ts';

const by = (HIGH: number, MEDIUM: number, LOW: number) => ({ HIGH, MEDIUM, LOW });

describe('freeFor', () => {
  it.each([
    [20, by(0, 0, 0), by(20, 17, 12)],
    [20, by(0, 0, 12), by(8, 5, 0)],
    [20, by(0, 5, 12), by(3, 0, 0)],
    [20, by(3, 5, 12), by(0, 0, 0)],
    [20, by(20, 0, 0), by(0, 0, 0)],
    [20, by(10, 0, 0), by(10, 10, 10)],
    [20, by(0, 17, 0), by(3, 0, 0)],
    [5, by(0, 0, 0), by(5, 4, 3)],
    [2, by(0, 0, 0), by(2, 1, 1)],
    [1, by(0, 0, 0), by(1, 1, 1)],
    [1, by(0, 0, 1), by(0, 0, 0)],
  ])('of %i with %o used: %o', (size, used, free) => {
    for (const priority of ['HIGH', 'MEDIUM', 'LOW'] as const)
      expect(freeFor({ size, used }, priority), priority).toBe(free[priority]);
  });
});

describe('nextTurn', () => {
  it.each<
    [string, ReturnType<typeof by>, ReturnType<typeof by>, ReturnType<typeof by>, Priority | undefined]
  >([
    ['nobody waits', by(0, 0, 0), by(0, 0, 0), by(0, 0, 0), undefined],
    ['the urgent first', by(0, 0, 0), by(1, 1, 1), by(0, 0, 0), 'HIGH'],
    ['then the usual', by(0, 0, 0), by(0, 1, 1), by(0, 0, 0), 'MEDIUM'],
    ['LOW has its share already', by(0, 0, 6), by(0, 0, 1), by(0, 0, 0), undefined],
    ['passed over for long', by(0, 0, 0), by(1, 1, 1), by(0, 3, 8), 'LOW'],
    ['passed over for long, but its share is used', by(0, 0, 6), by(1, 1, 1), by(0, 3, 8), 'HIGH'],
    ['all are used', by(2, 2, 6), by(1, 1, 1), by(0, 8, 8), undefined],
  ])('%s', (_what, used, waiting, passed, expected) => {
    expect(nextTurn({ size: 10, used, waiting, passed })).toBe(expected);
  });
});

describe('SendSlots', () => {
  it('gives every priority its turns when all of them wait all the time, on one slot too', async () => {
    for (const size of [1, 2, 5, 50]) {
      const slots = new SendSlots(size);
      const turns = { HIGH: 0, MEDIUM: 0, LOW: 0 };
      let left = 4_000;
      const work = async (priority: Priority) => {
        while (left-- > 0) {
          expect(await slots.take(priority)).toBe(true);
          turns[priority]++;
          await Promise.resolve();
          slots.release(priority);
        }
      };
      await Promise.all(
        Array.from({ length: 3 * size + 3 }, (_, i) =>
          work((['HIGH', 'MEDIUM', 'LOW'] as const)[i % 3] ?? 'LOW'),
        ),
      );
      expect(slots.used).toBe(0);
      expect(turns.LOW, `LOW of ${size}`).toBeGreaterThan(200);
      expect(turns.MEDIUM, `MEDIUM of ${size}`).toBeGreaterThan(200);
      expect(turns.HIGH, `HIGH of ${size}`).toBeGreaterThanOrEqual(turns.LOW);
    }
  });

  it('has a slot for HIGH at once however much LOW there is', async () => {
    const slots = new SendSlots(10);
    const granted = Array.from({ length: 100 }, () => slots.take('LOW')).filter((g) => g === true);
    expect(granted).toHaveLength(6);
    expect(slots.tryTake('HIGH')).toBe(false);
    expect(await slots.take('HIGH')).toBe(true);
  });

  it('tells those who wait that it closes', async () => {
    const slots = new SendSlots(1);
    expect(slots.take('LOW')).toBe(true);
    const waiting = slots.take('HIGH');
    slots.close();
    expect(await waiting).toBe(false);
    expect(slots.take('HIGH')).toBe(false);
    expect(slots.room('HIGH')).toBe(0);
  });
});
