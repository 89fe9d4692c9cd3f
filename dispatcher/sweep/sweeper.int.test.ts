import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepSharedTime } from '../../platform/clock/shared-clock.ts';
import { loadSettings } from '../../platform/config/settings.ts';
import { type Connections, openConnections } from '../../platform/lifecycle/connections.ts';
import { Shutdown } from '../../platform/lifecycle/shutdown.ts';
import { derivedId, newId } from '../../platform/names/ids.ts';
import { FencedLock, TurnLostError } from '../../platform/storage/fenced-lock.ts';
import { inTransaction } from '../../platform/storage/mongo.ts';
import { RedisLock } from '../../platform/storage/redis-lock.ts';
import {
  type DeliveryRecord,
  type NotificationRecord,
  type NotificationsStore,
  openNotificationsStore,
} from '../../subgraphs/notifications/index.ts';
import { notification } from '../../subgraphs/notifications/testing/open-store.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { QueueHistory } from './queue-history.ts';
import { Sweeper } from './sweeper.ts';

const services = freshDatabase();
const log = pino({ level: 'silent' });
const LANE_IDS = 2_000;
const settings = loadSettings({
  MONGODB_URI: services.mongodbUri,
  REDIS_URL: services.redisUrl,
  HERALD_NAMESPACE: services.namespace,
});
const shutdown = new Shutdown();
let connections: Connections;
let store: NotificationsStore;

beforeAll(async () => {
  connections = await openConnections(settings, log, shutdown);
  const { mongo, redis, names, events, queues } = connections;
  store = await openNotificationsStore({ connection: mongo, redis, names, events, queues, log });
  shutdown.onClose('clock', await keepSharedTime(redis, log));
});
afterAll(() => shutdown.close(log));

/** What a process of its own would have. */
function sweeperOf(task: string, ttlMs: number) {
  const { redis, names, mongo, queues } = connections;
  const lock = new FencedLock(new RedisLock(redis, names.lock(task), ttlMs), mongo, task);
  const sweeper = new Sweeper({
    outbox: store.outbox,
    queues,
    history: new QueueHistory({ queues, holdMs: 0, log }),
    lock,
    chunkSize: 100,
    intervalMs: 50,
    laneIds: LANE_IDS,
    log,
  });
  return { lock, sweeper };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const overdue = () => new Date(Date.now() - 1_000);
const record = (changes: Partial<NotificationRecord>): NotificationRecord =>
  notification({ priority: 'LOW', to: [], nextAttemptAt: overdue(), ...changes });
const claimed = (changes: Partial<DeliveryRecord>): DeliveryRecord => ({
  _id: derivedId('dlv', newId('ntf')),
  workspace: 'default',
  app: 'app_test',
  notification: newId('ntf'),
  sole: true,
  channel: 'EMAIL',
  state: 'SENDING',
  attempt: 0,
  attempts: [],
  priority: 'MEDIUM',
  createdAt: new Date(),
  nextAttemptAt: overdue(),
  fence: 'a worker',
  ...changes,
});
const notifications = () => connections.mongo.collection<NotificationRecord>('notifications');
const deliveries = () => connections.mongo.collection<DeliveryRecord>('deliveries');
const insertDelivery = async (changes: Partial<DeliveryRecord> = {}) => {
  const delivery = claimed(changes);
  await deliveries().insertOne({ ...delivery });
  return delivery._id;
};

describe('election', () => {
  it('one holds it, its number grows with each election, and another takes over when it goes silent', async () => {
    const [a, b] = [sweeperOf('turns', 60_000).lock, sweeperOf('turns', 60_000).lock];
    expect([await a.hold(), await b.hold()]).toEqual([true, false]);
    expect([await a.hold(), await b.hold()]).toEqual([true, false]);
    expect([a.token, b.token]).toEqual([1, undefined]);
    const { redis, names } = connections;
    const leftMs = await redis.pttl(names.lock('turns'));
    expect([leftMs > 0, leftMs <= 60_000]).toEqual([true, true]);
    // The time goes by.
    await redis.pexpire(names.lock('turns'), 1);
    await expect.poll(() => redis.exists(names.lock('turns'))).toBe(0);
    expect([await b.hold(), await a.hold()]).toEqual([true, false]);
    expect([a.token, b.token]).toEqual([undefined, 2]);
    await b.release();
    expect(await a.hold()).toBe(true);
    expect(a.token).toBe(3);
  });

  it('survives FLUSHALL: Redis may elect two, the number lets one write', async () => {
    const [a, b] = [sweeperOf('flushed', 60_000).lock, sweeperOf('flushed', 60_000).lock];
    await a.hold();
    const before = a.guard();
    await connections.redis.del(connections.names.lock('flushed'));
    expect(await b.hold()).toBe(true);
    await expect(inTransaction(connections.mongo, before)).rejects.toThrow(TurnLostError);
    await inTransaction(connections.mongo, b.guard());
    expect(await a.hold()).toBe(false);
  });
});

describe('fencing', () => {
  it('lets a sweeper that was stopped in a round, and wakes up after another was elected, change nothing', async () => {
    const stopped = sweeperOf('fence', 100);
    const second = sweeperOf('fence', 60_000);
    await stopped.lock.hold();
    const id = await insertDelivery();
    // It has read what is due and is stopped before it writes: its guard is of the turn it had.
    const stale = {
      now: new Date(),
      nextLook: new Date(Date.now() + 1),
      limit: 10,
      guard: stopped.lock.guard(),
    };
    await sleep(150);
    expect(await second.lock.hold()).toBe(true);
    await expect(
      store.outbox.sweepDeliveries({ channel: 'EMAIL', priority: 'MEDIUM' }, stale),
    ).rejects.toThrow(TurnLostError);
    expect(await deliveries().findOne({ _id: id })).toMatchObject({ state: 'SENDING', fence: 'a worker' });
    await expect(stopped.sweeper.sweep()).rejects.toThrow(TurnLostError);
    expect(await second.sweeper.sweep()).toMatchObject({ deliveries: 1 });
    expect(await deliveries().findOne({ _id: id })).toMatchObject({ state: 'QUEUED', fence: null });
  });

  it('two of them running share the work without a round failing, and either goes on alone', async () => {
    const [a, b] = [sweeperOf('pair', 60_000).sweeper, sweeperOf('pair', 60_000).sweeper];
    a.start();
    b.start();
    const first = await insertDelivery({ channel: 'SMS' });
    const queued = async (id: string) => (await deliveries().findOne({ _id: id }))?.state;
    await expect.poll(() => queued(first)).toBe('QUEUED');
    await a.close();
    const next = await insertDelivery({ channel: 'SMS' });
    await expect.poll(() => queued(next)).toBe('QUEUED');
    await b.close();
  });
});

describe('sweeping', () => {
  it('leaves claims alone that are alive', async () => {
    const { lock, sweeper } = sweeperOf('alive', 60_000);
    await lock.hold();
    const alive = await insertDelivery({ nextAttemptAt: new Date(Date.now() + 60_000), channel: 'WEBHOOK' });
    await sweeper.sweep();
    expect(await deliveries().findOne({ _id: alive })).toMatchObject({ state: 'SENDING', fence: 'a worker' });
  });

  it('fills the queues again after FLUSHALL in several rounds at once, and not over their measure', async () => {
    const { sweeper } = sweeperOf('flush', 60_000);
    const COUNT = 4_500;
    await notifications().insertMany(Array.from({ length: COUNT }, () => record({ priority: 'LOW' })));
    await notifications().insertOne(record({ priority: 'HIGH' }));
    const keys = await connections.redis.keys(`{${services.namespace}:*`);
    await connections.redis.del(keys);
    const waiting = async (queue: string) => (await connections.queues.waiting()).get(queue) ?? 0;
    sweeper.start();
    await expect.poll(() => waiting('plan-high'), { timeout: 60_000 }).toBe(1);
    // Half of the measure in each round, until there is more in it than that.
    const full = LANE_IDS + LANE_IDS / 2;
    await expect.poll(() => waiting('plan-low'), { timeout: 60_000 }).toBe(full);
    await sleep(600);
    expect(await waiting('plan-low')).toBe(full);
    // The workers have taken all of it: the rest comes at once.
    await connections.redis.del(`${connections.names.queuePrefix}:plan-low:wait`);
    await expect
      .poll(() => waiting('plan-low'), { interval: 100, timeout: 60_000 })
      .toBeGreaterThanOrEqual(COUNT - full);
    await sweeper.close();
  });

  it('queues again what is in a job that is still there', async () => {
    const { lock, sweeper } = sweeperOf('again', 60_000);
    await lock.hold();
    const due = record({ priority: 'MEDIUM' });
    await notifications().insertOne({ ...due });
    await connections.queues.addPlans('MEDIUM', [{ ids: [due._id] }]);
    await sweeper.sweep();
    expect((await connections.queues.waiting()).get('plan-medium')).toBe(2);
  });
});
