/** Work of long that one process at a time does, elected by a lock; any other takes over when it ends or dies. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../logging/logger.ts';
import type { TurnLock } from './elected-loop.ts';

export interface TurnTimes {
  /** How often the lock is renewed, or asked for. */
  readonly everyMs: number;
  /** How long the lock lasts by itself: without an answer of it, the turn is over by then. */
  readonly lastsMs: number;
}

/**
 * Waits for a turn and works for as long as it lasts; resolves when `signal` says so or the turn is over.
 * @param work ends with its signal. @throws what `work` throws; the next process has its turn then.
 */
export async function duringTurn(
  lock: TurnLock,
  { everyMs, lastsMs }: TurnTimes,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
  log: Logger,
): Promise<void> {
  let heldUntil = 0;
  const hold = async (): Promise<boolean> => {
    const asked = performance.now();
    try {
      if (!(await lock.hold())) return false;
      heldUntil = asked + lastsMs;
      return true;
    } catch (error) {
      log.warn({ err: error }, 'whose turn it is could not be asked');
      return performance.now() + everyMs < heldUntil;
    }
  };
  while (!signal.aborted && !(await hold())) await pause(everyMs, signal);
  if (signal.aborted) return release(lock, heldUntil, log);
  const turn = new AbortController();
  const own = AbortSignal.any([signal, turn.signal]);
  const renewing = (async () => {
    while (!own.aborted) {
      await pause(everyMs, own);
      if (!own.aborted && !(await hold())) {
        heldUntil = 0;
        turn.abort();
      }
    }
  })();
  try {
    await work(own);
  } finally {
    turn.abort();
    await renewing;
    await release(lock, heldUntil, log);
  }
}

async function release(lock: TurnLock, heldUntil: number, log: Logger): Promise<void> {
  if (heldUntil === 0) return;
  try {
    await lock.release();
  } catch (error) {
    log.warn({ err: error }, 'lock not released; it runs out by itself');
  }
}

/** Ends early, without an error, with the signal. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
