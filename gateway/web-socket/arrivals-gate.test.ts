import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ArrivalsGate } from './arrivals-gate.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Who was let in, in order. */
function arrivals(gate: ArrivalsGate) {
  const entered: number[] = [];
  return {
    entered,
    come: (n: number, isOpen = () => true) => {
      void gate.enter(isOpen).then(() => entered.push(n));
    },
    pass: async (ms: number) => {
      await vi.advanceTimersByTimeAsync(ms);
      return entered.length;
    },
  };
}

describe('ArrivalsGate', () => {
  it('lets single connections in at once', async () => {
    const { come, pass } = arrivals(new ArrivalsGate());
    for (let n = 0; n < 5; n++) {
      come(n);
      expect(await pass(0)).toBe(n + 1);
      await pass(100);
    }
  });

  it('lets many in a handful at a time, in their order', async () => {
    const gate = new ArrivalsGate();
    const { come, pass, entered } = arrivals(gate);
    for (let n = 0; n < 23; n++) come(n);
    expect(await pass(0)).toBe(5);
    expect(gate.waiting).toBe(18);
    expect(await pass(10)).toBe(10);
    expect(await pass(10)).toBe(15);
    expect(await pass(20)).toBe(23);
    expect(entered).toEqual(Array.from({ length: 23 }, (_, n) => n));
    expect(gate.waiting).toBe(0);
  });

  it('does not count those that are gone', async () => {
    const gate = new ArrivalsGate();
    const { come, pass, entered } = arrivals(gate);
    for (let n = 0; n < 20; n++) come(n, () => n % 2 === 0);
    await pass(0);
    await pass(10);
    expect(entered.filter((n) => n >= 5 && n % 2 === 0)).toEqual([6, 8, 10, 12, 14]);
  });

  it('waits longer while the process is behind with its work', async () => {
    vi.useRealTimers();
    const gate = new ArrivalsGate();
    const times: number[] = [];
    const busy = (ms: number) => {
      const end = performance.now() + ms;
      while (performance.now() < end);
    };
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        await gate.enter(() => true);
        times.push(performance.now() - startedAt);
        busy(8);
      }),
    );
    // Four handfuls of 40 ms of work, and between them rests of about 30 ms.
    expect(times.at(-1)).toBeGreaterThan(152 + 3 * 20);
  });
});
