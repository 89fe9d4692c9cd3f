/** The answer of a dispatcher to a job that somebody waits for: under a key of its own, for a minute. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { unavailable } from '../errors/herald-error.ts';

const LOOK_MS = 50;
const KEPT_MS = 60_000;

/** @returns what was given. @throws HeraldError UNAVAILABLE when no dispatcher answers in time. */
export async function awaitAnswer(redis: Redis, key: string, waitMs: number): Promise<unknown> {
  const end = performance.now() + waitMs;
  while (performance.now() < end) {
    const answer = await redis.get(key);
    if (answer !== null) return JSON.parse(answer);
    await sleep(LOOK_MS);
  }
  throw unavailable('No dispatcher has answered in time.');
}

export async function giveAnswer(redis: Redis, key: string, answer: unknown): Promise<void> {
  await redis.set(key, JSON.stringify(answer), 'PX', KEPT_MS);
}
