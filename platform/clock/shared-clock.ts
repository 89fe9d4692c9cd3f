/**
 * The time that all processes of an installation agree on: Redis's. Due times and the ends of claims are written by
 * one process and judged by another; with each process's own clock, one that is an hour off would take claims that
 * are alive, or hold its own for an hour.
 */
import type { Redis } from 'ioredis';
import type { Logger } from '../logging/logger.ts';

/** Clocks that differ by less are left alone: the differences that matter here are seconds. */
export const TOLERATED_MS = 500;
const CHECK_MS = 5_000;

let offsetMs = 0;

/** Milliseconds since 1970 by the shared clock. */
export const sharedNow = (): number => Date.now() + offsetMs;

/** A date by the shared clock. */
export const sharedDate = (): Date => new Date(sharedNow());

/**
 * How far this process's clock must be moved, from one question to Redis: it was answered at some moment between
 * `askedAt` and `answeredAt` (own clock), most likely in the middle. Pure.
 */
export function offsetOf(askedAt: number, answeredAt: number, redisAt: number): number {
  const offset = redisAt - (askedAt + answeredAt) / 2;
  const uncertain = Math.max(0, answeredAt - askedAt) / 2;
  return Math.abs(offset) - uncertain < TOLERATED_MS ? 0 : Math.round(offset);
}

/** Milliseconds since 1970 by Redis. @throws when it does not answer. */
export async function redisTime(redis: Redis): Promise<number> {
  const [seconds, microseconds] = (await redis.time()) as unknown as [string | number, string | number];
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}

/**
 * Sets the clock of this process once, and again every few seconds, until the returned function is called. While
 * Redis is away the last difference stays.
 * @throws when Redis does not answer the first time.
 */
export async function keepSharedTime(redis: Redis, log: Logger): Promise<() => void> {
  const check = async () => {
    const askedAt = Date.now();
    const redisAt = await redisTime(redis);
    const offset = offsetOf(askedAt, Date.now(), redisAt);
    if (Math.abs(offset - offsetMs) >= TOLERATED_MS)
      log.warn({ offsetMs: offset }, "the clock of this process differs from Redis's: corrected");
    offsetMs = offset;
  };
  await check();
  const timer = setInterval(() => {
    // Redis is away: the connection logs it.
    check().catch((error: unknown) => log.debug({ err: error }, 'shared clock not checked'));
  }, CHECK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
