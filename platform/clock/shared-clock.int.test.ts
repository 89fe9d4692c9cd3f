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

describe.each([HOUR_MS, -HOUR_MS])('a clock that is %i ms off', (off) => {
  const wrong = () => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + off });

  it('when the process starts', async () => {
    wrong();
    vi.resetModules();
    // As a process loads it that starts now.
    const { keepSharedTime, redisTime, sharedNow } = await import('./shared-clock.ts');
    expect(Math.abs(sharedNow() - (await redisTime(redis)))).toBeGreaterThan(HOUR_MS - 10_000);
    stops.push(await keepSharedTime(redis, log));
    expect(Math.abs(sharedNow() - (await redisTime(redis)))).toBeLessThan(1_000);
  });

  it('from some moment on', async () => {
    stops.push(await keepSharedTime(redis, log));
    wrong();
    const now = await redisTime(redis);
    expect(Math.abs(Date.now() - now)).toBeGreaterThan(HOUR_MS - 10_000);
    expect(Math.abs(sharedNow() - now)).toBeLessThan(1_000);
  });
});
