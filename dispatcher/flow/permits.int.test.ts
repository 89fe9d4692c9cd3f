import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import { redisNames } from '../../platform/names/redis-names.ts';
import { connectRedis, whenReady } from '../../platform/storage/redis.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { type AccountLimits, Permits } from './permits.ts';

const services = freshDatabase();
const silent = pino({ level: 'silent' });
const names = redisNames(services.namespace);
const connections = [1, 2].map(() => connectRedis(services.redisUrl, 'commands', silent));
beforeAll(() => Promise.all(connections.map((redis) => whenReady(redis))));
afterAll(() => {
  for (const redis of connections) redis.disconnect();
});

/** The same account in two processes. */
const account = (id: string, limits: AccountLimits) =>
  connections.map((redis) => new Permits({ redis, key: names.providerPermits(id), limits, log: silent }));

async function takeAll(permits: readonly Permits[], priority: Priority, each: number): Promise<number> {
  const answers = await Promise.all(
    permits.flatMap((p) => Array.from({ length: each }, () => p.take(priority))),
  );
  return answers.filter(({ granted }) => granted).length;
}

describe('a rate', () => {
  it('is one for all processes: a second of it at once, then as it comes', async () => {
    const both = account('rate', { ratePerSecond: 50 });
    const granted = await takeAll(both, 'HIGH', 60);
    expect(granted).toBeGreaterThanOrEqual(50);
    expect(granted).toBeLessThanOrEqual(55);
    const refused = await both[0]?.take('HIGH');
    expect(refused).toMatchObject({ granted: false, why: 'rate', waitMs: expect.any(Number) });
    await sleep(400);
    const later = await takeAll(both, 'HIGH', 60);
    expect(later).toBeGreaterThanOrEqual(18);
    expect(later).toBeLessThanOrEqual(32);
  });

  it('keeps the last tokens for what is more urgent', async () => {
    const both = account('reserve', { ratePerSecond: 20 });
    const low = await takeAll(both, 'LOW', 20);
    expect(low).toBeGreaterThanOrEqual(14);
    expect(low).toBeLessThanOrEqual(16);
    const medium = await takeAll(both, 'MEDIUM', 20);
    expect(medium).toBeGreaterThanOrEqual(3);
    expect(medium).toBeLessThanOrEqual(6);
    expect(await takeAll(both, 'HIGH', 1)).toBe(2);
  });

  it('has a part for LOW however much MEDIUM there is', async () => {
    const [one, two] = account('share', { ratePerSecond: 100 });
    if (!one || !two) throw new Error('two accounts');
    const end = performance.now() + 1_500;
    const granted = { MEDIUM: 0, LOW: 0 };
    while (performance.now() < end) {
      granted.MEDIUM += await takeAll([one, two], 'MEDIUM', 30);
      granted.LOW += await takeAll([two], 'LOW', 5);
      await sleep(5);
    }
    expect(granted.LOW).toBeGreaterThanOrEqual(8);
    expect(granted.MEDIUM).toBeGreaterThan(granted.LOW * 3);
  });

  it('may be slow: one permit every so many seconds, for everybody', async () => {
    const both = account('slow', { ratePerSecond: 0.5 });
    expect(await takeAll(both, 'LOW', 3)).toBe(1);
    const refused = await both[0]?.take('LOW');
    if (refused?.granted !== false) throw new Error('not refused');
    expect(refused.waitMs).toBeGreaterThan(1_000);
    expect(refused.waitMs).toBeLessThanOrEqual(2_000);
  });

  it('takes back what was not used, and no more than the bucket holds', async () => {
    const [one] = account('back', { ratePerSecond: 2 });
    if (!one) throw new Error('an account');
    expect(await takeAll([one], 'HIGH', 4)).toBe(2);
    await Promise.all([one.giveBack(), one.giveBack(), one.giveBack(), one.giveBack()]);
    expect(await takeAll([one], 'HIGH', 4)).toBe(2);
  });
});

describe('a daily quota', () => {
  it('is one for all processes, until midnight UTC', async () => {
    const both = account('quota', { dailyQuota: 100 });
    expect(await takeAll(both, 'LOW', 100)).toBe(90);
    expect(await takeAll(both, 'MEDIUM', 100)).toBe(5);
    expect(await takeAll(both, 'HIGH', 100)).toBe(5);
    const refused = await both[1]?.take('HIGH');
    if (refused?.granted !== false) throw new Error('not refused');
    expect(refused.why).toBe('quota');
    const midnight = new Date(Date.now() + refused.waitMs + 2_000);
    expect(midnight.getUTCHours() * 60 + midnight.getUTCMinutes()).toBe(0);
    await both[0]?.giveBack();
    expect(await takeAll(both, 'HIGH', 1)).toBe(1);
  });

  it('counts with a rate, and says which of the two is in the way', async () => {
    const [one] = account('both', { ratePerSecond: 10, dailyQuota: 12 });
    if (!one) throw new Error('an account');
    expect(await takeAll([one], 'HIGH', 20)).toBe(10);
    expect(await one.take('HIGH')).toMatchObject({ granted: false, why: 'rate' });
    await sleep(350);
    expect(await takeAll([one], 'HIGH', 20)).toBe(2);
    expect(await one.take('HIGH')).toMatchObject({ granted: false, why: 'quota' });
  });
});

describe('without Redis', () => {
  it('everything is granted, and it is said once', async () => {
    const gone = connectRedis(services.redisUrl, 'commands', silent);
    await whenReady(gone);
    gone.disconnect();
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line) => void lines.push(line) });
    const permits = new Permits({ redis: gone, key: 'any', limits: { ratePerSecond: 1 }, log });
    for (let i = 0; i < 5; i++) expect(await permits.take('LOW')).toEqual({ granted: true });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('not checked');
  });
});
