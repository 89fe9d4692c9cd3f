import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../platform/names/ids.ts';
import { redisNames } from '../platform/names/redis-names.ts';
import { DispatchQueues, type PlanJob } from '../platform/queues/queues.ts';
import { connectRedis, whenReady } from '../platform/storage/redis.ts';
import { OwnRedis } from '../testing/own-redis.ts';
import { QueueWorker } from './queue-worker.ts';
import { Watchdog } from './watchdog.ts';

const log = pino({ level: 'silent' });
const { queuePrefix: prefix } = redisNames('test-workers');
let own: OwnRedis;
let redis: ReturnType<typeof connectRedis>;
let blocking: ReturnType<typeof connectRedis>;
let queues: DispatchQueues;
beforeAll(async () => {
  own = await OwnRedis.start();
  redis = connectRedis(own.url, 'commands', log);
  blocking = connectRedis(own.url, 'blocking', log);
  await Promise.all([whenReady(redis), whenReady(blocking)]);
  queues = new DispatchQueues(redis, prefix);
});
afterAll(async () => {
  await queues.close();
  redis.disconnect();
  blocking.disconnect();
  await own.remove();
});

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
function worker(priority: 'high' | 'medium' | 'low', work: (id: string) => Promise<void>, concurrency = 4) {
  return new QueueWorker<PlanJob>({
    queue: `plan-${priority}`,
    concurrency,
    work: async ({ ids }) => {
      for (const id of ids) await work(id);
    },
    blocking,
    prefix,
    log,
  });
}
const watch = (limitMs: number, ...workers: QueueWorker<PlanJob>[]) =>
  new Watchdog({ workers: workers as unknown as QueueWorker[], redis, prefix, limitMs, log });

/** Adds one job as soon as Redis takes it. */
async function add(priority: 'HIGH' | 'MEDIUM' | 'LOW'): Promise<string> {
  const id = newId('ntf');
  await expect.poll(() => queues.addPlans(priority, [{ ids: [id] }]).then(() => true)).toBe(true);
  return id;
}

describe('the watchdog', () => {
  it('replaces a worker that takes no jobs although some wait, and says so', async () => {
    const done: string[] = [];
    const said: string[] = [];
    const stuck = worker('high', async (id) => {
      // The newest look was while it waited.
      said.push(...watchdog.problems());
      done.push(id);
    });
    await stuck.worker.waitUntilReady();
    const before = stuck.worker;
    await before.pause(true);
    const watchdog = watch(1_500, stuck);
    // If it was waiting for one when it was paused, it still takes that; but no further one.
    const ids = [await add('HIGH'), await add('HIGH')];
    await expect.poll(() => done).toEqual(ids);
    expect(stuck.worker).not.toBe(before);
    expect(said.join()).toContain('plan-high');
    const next = await add('HIGH');
    await expect.poll(() => done).toEqual([...ids, next]);
    await expect.poll(() => watchdog.problems()).toEqual([]);
    await watchdog.close();
    await stuck.close();
  });

  it('leaves a worker alone that has its hands full, or nothing to do', async () => {
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    const done: string[] = [];
    const busy = worker(
      'low',
      async (id) => {
        await held;
        done.push(id);
      },
      1,
    );
    const idle = worker('medium', async () => undefined);
    const before = [busy.worker, idle.worker];
    await add('LOW');
    await add('LOW');
    await expect.poll(() => busy.inHand).toBe(1);
    // Not before: one that is slow to begin takes nothing, either.
    const watchdog = watch(1_000, busy, idle);
    await sleep(3_000);
    expect([busy.worker, idle.worker]).toEqual(before);
    letGo();
    await expect.poll(() => done.length).toBe(2);
    expect(busy.inHand).toBe(0);
    await watchdog.close();
    await Promise.all([busy.close(), idle.close()]);
  });
});

describe('a worker', () => {
  it.each<[string, () => Promise<unknown>]>([
    [
      'FLUSHALL and lost scripts, with a job in hand',
      async () => {
        await own.command('flushall');
        await own.command('script', 'flush');
      },
    ],
    [
      'Redis killed, away for a while, and back',
      async () => {
        await own.kill();
        await sleep(3_000);
        await own.start();
      },
    ],
    [
      'Redis that answers nothing for a while',
      async () => {
        own.pause();
        await sleep(3_000);
        own.resume();
      },
    ],
    [
      'Redis out of memory, and then not',
      async () => {
        await own.command('config', 'set', 'maxmemory', '1');
        await sleep(1_500);
        await own.command('config', 'set', 'maxmemory', '0');
      },
    ],
  ])('goes on after %s', async (_what, trouble) => {
    const done = new Set<string>();
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    let first = true;
    const own = worker('medium', async (id) => {
      if (first) {
        first = false;
        await held;
      }
      done.add(id);
    });
    const inHand = await add('MEDIUM');
    await expect.poll(() => own.inHand).toBe(1);
    await trouble();
    letGo();
    await expect.poll(() => done.has(inHand)).toBe(true);
    const started = performance.now();
    const id = await add('MEDIUM');
    await expect.poll(() => done.has(id)).toBe(true);
    expect(performance.now() - started).toBeLessThan(10_000);
    await own.close();
  });
});
