import { Worker } from 'bullmq';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshDatabase } from '../../testing/fresh.ts';
import { sharedDate } from '../clock/shared-clock.ts';
import { newId } from '../names/ids.ts';
import { redisNames } from '../names/redis-names.ts';
import { connectRedis, whenReady } from '../storage/redis.ts';
import { enqueueSends, MAX_QUEUE_DELAY_MS, type QueuedDelivery } from './enqueue-sends.ts';
import { queueStates } from './queue-states.ts';
import { DispatchQueues, type SendJob } from './queues.ts';

const services = freshDatabase();
const log = pino({ level: 'silent' });
const names = redisNames(services.namespace);
const redis = connectRedis(services.redisUrl, 'commands', log);
const blocking = connectRedis(services.redisUrl, 'blocking', log);
const queues = new DispatchQueues(redis, names.queuePrefix);
beforeAll(() => whenReady(redis));
afterAll(async () => {
  await queues.close();
  redis.disconnect();
  blocking.disconnect();
});

const waiting = async (queue: string) => (await queues.waiting()).get(queue);
const ids = (count: number) => Array.from({ length: count }, () => newId('dlv'));
const delivery = (changes: Partial<QueuedDelivery> = {}): QueuedDelivery => ({
  id: newId('dlv'),
  channel: 'EMAIL',
  priority: 'LOW',
  attempt: 0,
  // Due by the clock that judges it: by the machine's it may lie a millisecond ahead, and then it is delayed.
  nextAttemptAt: sharedDate(),
  ...changes,
});

it('each priority of a channel has a queue of its own, and a job says which', async () => {
  const low = Array.from({ length: 5 }, () => delivery());
  const high = delivery({ priority: 'HIGH' });
  const far = delivery({ nextAttemptAt: new Date(Date.now() + 2 * MAX_QUEUE_DELAY_MS) });
  await enqueueSends(queues, [...low, high, far, delivery({ attempt: 1 })], 2);
  expect(await waiting('send-email-low')).toBe(6);
  expect(await waiting('send-email-high')).toBe(1);
  const done: SendJob[] = [];
  const worker = new Worker<SendJob>('send-email-high', async (job) => void done.push(job.data), {
    connection: blocking,
    prefix: names.queuePrefix,
  });
  await expect.poll(() => done).toEqual([{ ids: [high.id], attempt: 0, priority: 'HIGH' }]);
  await worker.close();
  const keys = await redis.keys(`${names.queuePrefix}:*:meta`);
  expect(keys).toHaveLength(2);
});

it('the same step twice is one job; a later one is not swallowed by it', async () => {
  const [a = '', b = ''] = ids(2);
  await queues.addPlans('LOW', [{ ids: [a, b] }, { ids: [a, b] }]);
  await queues.addPlans('LOW', [{ ids: [a, b] }]);
  expect(await waiting('plan-low')).toBe(2);
  await queues.addPlans('LOW', [{ ids: [a, b], look: Date.now() }]);
  expect(await waiting('plan-low')).toBe(4);
  const same = delivery({ channel: 'SMS' });
  await enqueueSends(queues, [same], 10);
  await enqueueSends(queues, [same], 10);
  expect(await waiting('send-sms-low')).toBe(1);
  // From its own time, not from the clock's: five milliseconds later both would be one instant, and one job.
  await enqueueSends(queues, [{ ...same, nextAttemptAt: new Date(same.nextAttemptAt.getTime() - 5) }], 10);
  expect(await waiting('send-sms-low')).toBe(2);
});

it('counts ids, not jobs, also where only a sample is looked at', async () => {
  await queues.addPlans(
    'MEDIUM',
    Array.from({ length: 2_000 }, (_, i) => ({ ids: ids(i % 2 === 0 ? 3 : 1) })),
  );
  expect(await waiting('plan-medium')).toBe(4_000);
});

it('tells how long the next job has waited, its delay not counted', async () => {
  await queues.addPlans('HIGH', [{ ids: ids(1), delayMs: 1_000 }]);
  const worker = new Worker('plan-high', null, { connection: blocking, prefix: names.queuePrefix });
  const state = async () => (await queueStates(redis, names.queuePrefix, ['plan-high', 'plan-none'])) ?? [];
  expect(await state()).toEqual([
    { queue: 'plan-high', jobs: 0, oldestMs: 0 },
    { queue: 'plan-none', jobs: 0, oldestMs: 0 },
  ]);
  // Without a processor a worker takes jobs by hand: this one is taken, so that the next waits with a known age.
  await expect.poll(async () => (await worker.getNextJob('token'))?.data.ids).toHaveLength(1);
  await queues.addPlans('HIGH', [{ ids: ids(1) }]);
  await new Promise((resolve) => setTimeout(resolve, 150));
  const [high] = await state();
  expect(high?.jobs).toBe(1);
  expect(high?.oldestMs).toBeGreaterThanOrEqual(140);
  expect(high?.oldestMs).toBeLessThan(15_000);
  await worker.close(true);
});
