import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
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

it.each([3_600_000, -3_600_000])('a process whose clock is %i ms off uses the time of Redis', async (off) => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + off });
  const aside = Date.now();
  stops.push(await keepSharedTime(redis, log));
  const now = await redisTime(redis);
  expect(Math.abs(aside - now)).toBeGreaterThan(3_500_000);
  expect(Math.abs(sharedNow() - now)).toBeLessThan(1_000);
  vi.useRealTimers();
  stops.push(await keepSharedTime(redis, log));
  expect(sharedNow()).toBeCloseTo(Date.now(), -2);
});
