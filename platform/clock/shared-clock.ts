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

/**
 * When this process's monotonic clock was at 0. The clock goes on from there by the monotonic one: somebody who
 * sets the machine's clock while the process runs does not move it, not even until the next check.
 */
let originMs = Date.now() - performance.now();

/** Milliseconds since 1970 by the shared clock, whole. */
export const sharedNow = (): number => Math.round(originMs + performance.now());

/** A date by the shared clock. */
export const sharedDate = (): Date => new Date(sharedNow());

/**
 * How far this process's idea of the time must be moved, from one question to Redis: it was answered at some moment
 * between `askedAt` and `answeredAt` (that idea), most likely in the middle. Pure.
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
 * Redis is away it goes on by itself.
 * @throws when Redis does not answer the first time.
 */
export async function keepSharedTime(redis: Redis, log: Logger): Promise<() => void> {
  const check = async () => {
    const askedAt = sharedNow();
    const redisAt = await redisTime(redis);
    const offset = offsetOf(askedAt, sharedNow(), redisAt);
    if (offset === 0) return;
    log.warn({ offsetMs: offset }, "the clock of this process differs from Redis's: corrected");
    originMs += offset;
  };
  await check();
  const timer = setInterval(() => {
    // Redis is away: the connection logs it.
    check().catch((error: unknown) => log.debug({ err: error }, 'shared clock not checked'));
  }, CHECK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
