import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomOf } from '../../faults/stage/random.ts';
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

/** The time of these tests, in ms: it moves when they say so. */
const clock = { now: Date.UTC(2026, 4, 1, 10) };
const DAY_MS = 86_400_000;

/** The same account in two processes. */
const account = (id: string, limits: AccountLimits, now: (() => number) | null = () => clock.now) =>
  connections.map(
    (redis) =>
      new Permits({ redis, key: names.providerPermits(id), limits, log: silent, ...(now && { now }) }),
  );

async function takeAll(permits: readonly Permits[], priority: Priority, each: number): Promise<number> {
  const answers = await Promise.all(
    permits.flatMap((p) => Array.from({ length: each }, () => p.take(priority))),
  );
  return answers.filter(({ granted }) => granted).length;
}

describe('a rate', () => {
  it('is one for all processes: a tenth of a second of it at once, then as it comes', async () => {
    const both = account('rate', { ratePerSecond: 50 });
    expect(await takeAll(both, 'HIGH', 60)).toBe(6);
    expect(await both[0]?.take('HIGH')).toEqual({ granted: false, why: 'rate', waitMs: 20 });
    clock.now += 20;
    expect(await takeAll(both, 'HIGH', 60)).toBe(1);
    clock.now += 70;
    expect(await takeAll(both, 'HIGH', 60)).toBe(3);
    // What nobody takes for a while is gone.
    clock.now += 60_000;
    expect(await takeAll(both, 'HIGH', 60)).toBe(6);
  });

  it.each([0.5, 1, 2, 5, 10, 14, 30, 50, 100, 300])(
    'of %d has no second with more than 1.1 times as many, and loses nothing while there are takers',
    async (ratePerSecond) => {
      const both = account(`window-${ratePerSecond}`, { ratePerSecond });
      const random = randomOf(Math.round(ratePerSecond * 10));
      const granted: number[] = [];
      const begin = clock.now;
      const take = async (priority: Priority, each: number) => {
        const count = await takeAll(both, priority, each);
        granted.push(...Array.from({ length: count }, () => clock.now));
      };
      // Ten seconds of bursts and pauses of all lengths.
      while (clock.now < begin + 10_000) {
        const priority = (['HIGH', 'MEDIUM', 'LOW'] as const)[Math.floor(random() * 3)] ?? 'HIGH';
        await take(priority, 1 + Math.floor(random() * ratePerSecond));
        clock.now += random() < 0.1 ? Math.round(2_000 * random()) : 1 + Math.round(60 * random());
      }
      // Then takers all the time, who look every few milliseconds, or often enough where permits are rare.
      const from = clock.now;
      const seconds = Math.max(3, Math.ceil(20 / ratePerSecond));
      const rarely = Math.max(1, 5 / ratePerSecond);
      while (clock.now < from + seconds * 1_000) {
        await take('LOW', 2);
        await take('HIGH', 2);
        clock.now += Math.round(rarely * (3 + 7 * random()));
      }
      const windows = granted.map((at, index) => granted.slice(index).filter((t) => t < at + 1_000).length);
      expect(Math.max(...windows)).toBeLessThanOrEqual(Math.ceil(1.1 * ratePerSecond));
      const busy = granted.filter((at) => at >= from).length;
      expect(busy).toBeGreaterThanOrEqual(Math.floor(0.9 * ratePerSecond * seconds));
      expect(busy).toBeLessThanOrEqual(Math.ceil(ratePerSecond * seconds) + 1 + ratePerSecond / 10);
    },
  );

  it('is kept by the clock of Redis where two processes go by it', async () => {
    const both = account('redis-clock', { ratePerSecond: 20 }, null);
    const started = performance.now();
    let granted = 0;
    while (performance.now() < started + 1_500) {
      granted += await takeAll(both, 'HIGH', 5);
      await sleep(10);
    }
    // Should the machine have stood still for all that time.
    granted += await takeAll(both, 'HIGH', 5);
    // However slow the machine is: the bucket, and what came in since.
    expect(granted).toBeLessThanOrEqual(3 + Math.ceil((20 * (performance.now() - started)) / 1_000));
    expect(granted).toBeGreaterThanOrEqual(4);
  });

  it('keeps the last tokens for what is more urgent', async () => {
    const both = account('reserve', { ratePerSecond: 190 });
    expect(await takeAll(both, 'LOW', 20)).toBe(14);
    expect(await takeAll(both, 'MEDIUM', 20)).toBe(4);
    expect(await takeAll(both, 'HIGH', 20)).toBe(2);
  });

  it('has a part for LOW however much MEDIUM there is', async () => {
    const [one, two] = account('share', { ratePerSecond: 100 });
    if (!one || !two) throw new Error('two accounts');
    const granted = { MEDIUM: 0, LOW: 0 };
    for (let i = 0; i < 400; i++) {
      granted.MEDIUM += await takeAll([one, two], 'MEDIUM', 5);
      granted.LOW += await takeAll([two], 'LOW', 5);
      clock.now += 5;
    }
    expect(granted.LOW).toBeGreaterThanOrEqual(15);
    expect(granted.LOW).toBeLessThanOrEqual(35);
    expect(granted.MEDIUM).toBeGreaterThanOrEqual(160);
  });

  it('may be slow: one permit every so many seconds, for everybody', async () => {
    const both = account('slow', { ratePerSecond: 0.5 });
    expect(await takeAll(both, 'LOW', 3)).toBe(1);
    expect(await both[0]?.take('LOW')).toEqual({ granted: false, why: 'rate', waitMs: 2_000 });
  });

  it('takes back what was not used, and no more than the bucket holds', async () => {
    const [one] = account('back', { ratePerSecond: 10 });
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
    const waitMs = DAY_MS - (clock.now % DAY_MS);
    expect(await both[1]?.take('HIGH')).toEqual({ granted: false, why: 'quota', waitMs });
    await both[0]?.giveBack();
    expect(await takeAll(both, 'HIGH', 1)).toBe(1);
    clock.now += waitMs;
    expect(await takeAll(both, 'HIGH', 60)).toBe(100);
  });

  it('of one message has no reserve: it would never be sent', async () => {
    const [one] = account('one', { dailyQuota: 1 });
    if (!one) throw new Error('an account');
    expect(await takeAll([one], 'LOW', 2)).toBe(1);
    expect(await takeAll([one], 'HIGH', 2)).toBe(0);
  });

  it('counts with a rate, and says which of the two is in the way', async () => {
    const [one] = account('both', { ratePerSecond: 100, dailyQuota: 14 });
    if (!one) throw new Error('an account');
    expect(await takeAll([one], 'HIGH', 20)).toBe(11);
    expect(await one.take('HIGH')).toMatchObject({ granted: false, why: 'rate' });
    clock.now += 100;
    expect(await takeAll([one], 'HIGH', 20)).toBe(3);
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
