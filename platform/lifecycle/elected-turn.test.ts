import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { duringTurn } from './elected-turn.ts';

const log = pino({ level: 'silent' });
const TIMES = { everyMs: 10, lastsMs: 60 };

/** A lock that answers what the test says. */
function lockOf(answer: () => boolean | Error) {
  const lock = {
    asked: 0,
    released: 0,
    hold: async () => {
      lock.asked++;
      const said = answer();
      if (said instanceof Error) throw said;
      return said;
    },
    release: async () => {
      lock.released++;
    },
  };
  return lock;
}

/** Work that lasts as long as its turn. */
function work() {
  const told = { begun: 0, ended: 0 };
  return {
    told,
    run: async (signal: AbortSignal) => {
      told.begun++;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      told.ended++;
    },
  };
}

describe('duringTurn', () => {
  it('works when it is its turn, and gives it back at the end', async () => {
    const { told, run } = work();
    const stop = new AbortController();
    let mine = false;
    const lock = lockOf(() => mine);
    const done = duringTurn(lock, TIMES, stop.signal, run, log);
    await expect.poll(() => lock.asked).toBeGreaterThan(2);
    expect(told.begun).toBe(0);
    mine = true;
    await expect.poll(() => told.begun).toBe(1);
    stop.abort();
    await done;
    expect(told.ended).toBe(1);
    expect(lock.released).toBe(1);
  });

  it('ends its work when another one has the turn, and takes nothing from that one', async () => {
    const { told, run } = work();
    let mine = true;
    const lock = lockOf(() => mine);
    const done = duringTurn(lock, TIMES, new AbortController().signal, run, log);
    await expect.poll(() => told.begun).toBe(1);
    mine = false;
    await done;
    expect(told.ended).toBe(1);
    expect(lock.released).toBe(0);
  });

  it('goes on for as long as its turn lasts when nobody can be asked', async () => {
    const { told, run } = work();
    let now = 1_000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    let answer: boolean | Error = true;
    const lock = lockOf(() => answer);
    const done = duringTurn(lock, TIMES, new AbortController().signal, run, log);
    await expect.poll(() => told.begun).toBe(1);
    answer = new Error('Redis is away');
    // Until just before the last moment at which it may be asked once more.
    now += TIMES.lastsMs - TIMES.everyMs - 1;
    const { asked } = lock;
    await expect.poll(() => lock.asked).toBeGreaterThan(asked + 3);
    expect(told.ended).toBe(0);
    now += 1;
    await done;
    expect(told.ended).toBe(1);
  });

  it('throws what the work throws, when the turn is given back', async () => {
    const lock = lockOf(() => true);
    const failing = duringTurn(
      lock,
      TIMES,
      new AbortController().signal,
      () => Promise.reject(new Error('lost')),
      log,
    );
    await expect(failing).rejects.toThrow('lost');
    expect(lock.released).toBe(1);
  });

  it('asks for nothing when it is over before it begins', async () => {
    const lock = lockOf(() => true);
    await duringTurn(
      lock,
      TIMES,
      AbortSignal.abort(),
      () => Promise.reject(new Error('not to be done')),
      log,
    );
    expect(lock.asked).toBe(0);
  });
});
