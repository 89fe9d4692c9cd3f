import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { freshDatabase } from '../../testing/fresh.ts';
import { connectRedis, whenReady } from '../storage/redis.ts';
import { keepSharedTime, redisTime, sharedNow } from './shared-clock.ts';

const services = freshDatabase();
const log = pino({ level: 'silent' });
const redis = connectRedis(services.redisUrl, 'commands', log);
const stops: (() => void)[] = [];
beforeAll(() => whenReady(redis));
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  vi.useRealTimers();
});
afterAll(() => redis.disconnect());

const HOUR_MS = 3_600_000;

/**
 * How far a clock is from Redis's, at least: it is read before Redis is asked and after, because the machine may
 * pause in between.
 */
async function distance(clock: () => number): Promise<number> {
  const before = clock();
  const now = await redisTime(redis);
  return Math.max(0, before - now, now - clock());
}
/** A second, and what a slow first answer leaves unknown. */
const NEAR_MS = 5_000;

describe.each([HOUR_MS, -HOUR_MS])('a clock that is %i ms off', (off) => {
  const wrong = () => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + off });

  it('when the process starts', async () => {
    wrong();
    vi.resetModules();
    // As a process loads it that starts now.
    const { keepSharedTime, sharedNow } = await import('./shared-clock.ts');
    expect(await distance(sharedNow)).toBeGreaterThan(HOUR_MS - 60_000);
    stops.push(await keepSharedTime(redis, log));
    expect(await distance(sharedNow)).toBeLessThan(NEAR_MS);
  });

  it('from some moment on', async () => {
    stops.push(await keepSharedTime(redis, log));
    wrong();
    expect(await distance(Date.now)).toBeGreaterThan(HOUR_MS - 60_000);
    expect(await distance(sharedNow)).toBeLessThan(NEAR_MS);
  });
});
