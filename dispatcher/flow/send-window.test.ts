import { describe, expect, it } from 'vitest';
import { FIRST_WINDOW, SendWindow } from './send-window.ts';

const OK = { sign: 'ok', pauseMs: 0 } as const;
const FAILED = { sign: 'failed', pauseMs: 0 } as const;
const never = () => new Promise<boolean>(() => undefined);
const over = async () => true;

/** Takes all that there is, and leaves it with this sign. @returns how many there were. */
function round(window: SendWindow, sign: typeof OK | typeof FAILED | undefined): number {
  let taken = 0;
  while (window.tryTake()) taken++;
  for (let i = 0; i < taken; i++) window.leave(sign);
  return taken;
}

describe('SendWindow', () => {
  it('begins with few, and grows with each answer while they are used', () => {
    const window = new SendWindow(50);
    const taken = Array.from({ length: 10 }, () => round(window, OK));
    expect(taken[0]).toBe(FIRST_WINDOW);
    expect(taken.at(-1)).toBe(50);
    expect(taken).toEqual(taken.toSorted((a, b) => a - b));
  });

  it('does not grow by what hardly uses it, by pleas to wait, or by what was not attempted', () => {
    const window = new SendWindow(50);
    for (let i = 0; i < 100; i++) {
      window.tryTake();
      window.leave(OK);
    }
    round(window, undefined);
    while (window.tryTake());
    for (let i = 0; i < FIRST_WINDOW; i++) window.leave({ sign: 'ok', pauseMs: 5_000 });
    expect(window.size).toBe(FIRST_WINDOW);
  });

  it('is one at a time when all that was under way has failed: none begins before the last has ended', () => {
    const window = new SendWindow(50);
    for (let i = 0; i < 10; i++) round(window, OK);
    let underWay = 0;
    while (window.tryTake()) underWay++;
    expect(underWay).toBe(50);
    for (let left = underWay; left > 1; left--) {
      window.leave(FAILED);
      // At first some of the places that became free are still there.
      if (window.tryTake()) left++;
    }
    expect(window.size).toBe(1);
    window.leave(FAILED);
    expect(round(window, FAILED)).toBe(1);
    expect([round(window, OK), round(window, OK), round(window, OK)]).toEqual([1, 2, 3]);
  });

  it('never gives more than the account is worth', () => {
    const window = new SendWindow(3);
    for (let i = 0; i < 5; i++) expect(round(window, OK)).toBe(3);
  });

  it('is smaller again when it was hardly used for a while', () => {
    let now = 0;
    const window = new SendWindow(50, () => now);
    for (let i = 0; i < 10; i++) round(window, OK);
    expect(window.size).toBe(50);
    now += 10_000;
    window.tryTake();
    window.leave(OK);
    expect(window.size).toBe(50);
    now += 10_000;
    window.tryTake();
    window.leave(OK);
    expect(window.size).toBe(FIRST_WINDOW);
  });

  it('hands a place that is left to who waits, the urgent first, and to nobody who came later', async () => {
    const window = new SendWindow(1);
    expect(window.tryTake()).toBe(true);
    const order: string[] = [];
    const waits = (['LOW', 'MEDIUM', 'HIGH'] as const).map(async (priority) => {
      expect(await window.take(priority, 1_000, never)).toBe(true);
      order.push(priority);
      expect(window.tryTake()).toBe(false);
      window.leave(OK);
    });
    expect(window.free).toBe(0);
    window.leave(OK);
    await Promise.all(waits);
    expect(order).toEqual(['HIGH', 'LOW', 'MEDIUM']);
    expect(window.tryTake()).toBe(true);
  });

  it('is not waited for for ever', async () => {
    const window = new SendWindow(1);
    window.tryTake();
    expect(await window.take('HIGH', 1_000, over)).toBe(false);
    expect(await window.take('HIGH', 0, never)).toBe(false);
    window.leave(OK);
    expect(window.free).toBe(1);
  });
});
