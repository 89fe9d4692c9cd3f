import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis, whenReady } from '../../../platform/storage/redis.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import { type OpenStore, openStore, silent } from '../testing/open-store.ts';
import { RateLimiter } from './rate-limiter.ts';

const services = freshDatabase();
let store: OpenStore;
beforeAll(async () => {
  store = await openStore(services);
});
afterAll(() => store.close());

const app = (name: string, ratePerSecond: number) => ({ workspace: 'default', app: name, ratePerSecond });
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('RateLimiter', () => {
  it('grants the burst, then what the rate brings, over several processes', async () => {
    const limiters = [1, 2, 3].map(() => new RateLimiter(store.redis, store.names, silent));
    const own = app('burst', 50);
    const started = performance.now();
    const most = () => 100 + Math.ceil(((performance.now() - started) / 1_000) * 50) + 1;
    const grants = await Promise.all(
      limiters.flatMap((l) => Array.from({ length: 60 }, () => l.take(own, 1))),
    );
    const granted = grants.filter((g) => g.granted === 1).length;
    expect(granted).toBeGreaterThanOrEqual(100);
    expect(granted).toBeLessThanOrEqual(most());
    const refused = grants.find((g) => g.granted === 0);
    expect(refused?.retryAfterMs).toBeGreaterThan(0);
    expect(refused?.retryAfterMs).toBeLessThanOrEqual(20);
    await sleep(200);
    const later = await limiters[0]?.take(own, 100);
    expect(later?.granted).toBeGreaterThanOrEqual(9);
    expect(granted + (later?.granted ?? 0)).toBeLessThanOrEqual(most());
  });

  it('takes tokens ahead for an app that sends without pause, and never grants more than the bucket has', async () => {
    let asked = 0;
    const counting = new Proxy(store.redis, {
      get: (redis, name) => {
        if (name === 'eval') asked += 1;
        const value = Reflect.get(redis, name);
        return typeof value === 'function' ? value.bind(redis) : value;
      },
    });
    const limiters = [1, 2].map(() => new RateLimiter(counting, store.names, silent));
    const own = app('steady', 500);
    const startedAt = performance.now();
    let granted = 0;
    let takes = 0;
    let grantedAtFirst: { granted: number; asked: number } | undefined;
    while (performance.now() - startedAt < 1_500 || granted === takes) {
      const all = await Promise.all(limiters.map((limiter) => limiter.take(own, 1)));
      granted += all.reduce((sum, grant) => sum + grant.granted, 0);
      takes += all.length;
      if (granted < takes) grantedAtFirst ??= { granted, asked };
    }
    // A full bucket and what came since; what is left with the limiters while the machine is busy is given up.
    const due = 1_000 + ((performance.now() - startedAt) / 1_000) * 500;
    expect(granted).toBeLessThanOrEqual(Math.ceil(due) + 1);
    expect(granted).toBeGreaterThan(0.8 * due);
    expect(grantedAtFirst?.asked).toBeLessThan((grantedAtFirst?.granted ?? 0) / 5);
  });

  it('an app that sends seldom leaves nothing unused behind', async () => {
    const [first, second] = [1, 2].map(() => new RateLimiter(store.redis, store.names, silent));
    const own = app('seldom', 50);
    await first?.take(own, 1);
    expect((await second?.take(own, 100))?.granted).toBeGreaterThanOrEqual(99);
  });

  it('counts notifications, and grants a part of a batch', async () => {
    const limiter = new RateLimiter(store.redis, store.names, silent);
    const grant = await limiter.take(app('batch', 10), 100);
    expect(grant.granted).toBe(20);
    expect(grant.retryAfterMs).toBeGreaterThan(0);
  });

  it('keeps apps apart', async () => {
    const limiter = new RateLimiter(store.redis, store.names, silent);
    await limiter.take(app('greedy', 1), 100);
    expect(await limiter.take(app('modest', 1), 1)).toEqual({ granted: 1, retryAfterMs: 0 });
  });

  it('lets everything through while Redis is away', async () => {
    const gone = connectRedis(services.redisUrl, 'commands', silent);
    await whenReady(gone);
    gone.disconnect();
    const limiter = new RateLimiter(gone, store.names, silent);
    expect(await limiter.take(app('any', 1), 50)).toEqual({ granted: 50, retryAfterMs: 0 });
  });
});
