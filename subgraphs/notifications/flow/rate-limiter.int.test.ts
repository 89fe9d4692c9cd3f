import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectRedis, whenReady } from '../../../platform/storage/redis.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import { type OpenStore, openStore, silent } from '../testing/open-store.ts';
import { RateLimiter } from './rate-limiter.ts';

const services = freshDatabase();
let store: OpenStore;
beforeAll(async () => {
  store = await openStore(services);
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(() => store.close());

/** Waits for an answer however long the machine takes: with the usual time-out all would be granted. */
const limiterOn = (redis = store.blocking) => new RateLimiter(redis, store.names, silent);
const app = (name: string, ratePerSecond: number) => ({ workspace: 'default', app: name, ratePerSecond });
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('RateLimiter', () => {
  it('grants the burst, then what the rate brings, over several processes', async () => {
    const limiters = [1, 2, 3].map(() => limiterOn());
    const own = app('burst', 50);
    // The bucket goes by the clock of the machine, too.
    const started = Date.now();
    const most = () => 100 + Math.ceil(((Date.now() - started) / 1_000) * 50) + 1;
    const grants = await Promise.all(
      limiters.flatMap((l) => Array.from({ length: 200 }, () => l.take(own, 1))),
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
    // Without pause, whatever the machine does: what is left with the limiters during one is given up.
    vi.useFakeTimers({ toFake: ['performance'] });
    let asked = 0;
    const counting = new Proxy(store.blocking, {
      get: (redis, name) => {
        if (name === 'eval') asked += 1;
        const value = Reflect.get(redis, name);
        return typeof value === 'function' ? value.bind(redis) : value;
      },
    });
    const limiters = [1, 2].map(() => limiterOn(counting));
    const own = app('steady', 500);
    const startedAt = Date.now();
    let granted = 0;
    let askedAtFirst: number | undefined;
    let grantedAtFirst = 0;
    let firstEnd: number | undefined;
    let lastBegin = startedAt;
    // The last round finds the bucket empty.
    for (let isEmpty = false; !isEmpty || lastBegin - startedAt < 1_500; ) {
      lastBegin = Date.now();
      const all = await Promise.all(limiters.map((limiter) => limiter.take(own, 1)));
      firstEnd ??= Date.now();
      granted += all.reduce((sum, grant) => sum + grant.granted, 0);
      isEmpty = all.some((grant) => grant.granted === 0);
      if (isEmpty && askedAtFirst === undefined) {
        askedAtFirst = asked;
        grantedAtFirst = granted;
      }
    }
    // A full bucket and what came since: from the first question to the last.
    const within = (from: number, to: number) => 1_000 + ((to - from) / 1_000) * 500;
    expect(granted).toBeLessThanOrEqual(Math.ceil(within(startedAt, Date.now())) + 1);
    expect(granted).toBeGreaterThan(0.8 * within(firstEnd ?? startedAt, lastBegin));
    expect(askedAtFirst).toBeLessThan(grantedAtFirst / 5);
  });

  it('an app that sends seldom leaves nothing unused behind', async () => {
    const [first, second] = [limiterOn(), limiterOn()];
    const own = app('seldom', 50);
    await first.take(own, 1);
    expect((await second.take(own, 100)).granted).toBeGreaterThanOrEqual(99);
  });

  it('counts notifications, and grants a part of a batch', async () => {
    const limiter = limiterOn();
    const grant = await limiter.take(app('batch', 10), 100);
    expect(grant.granted).toBe(20);
    expect(grant.retryAfterMs).toBeGreaterThan(0);
  });

  it('keeps apps apart', async () => {
    const limiter = limiterOn();
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
