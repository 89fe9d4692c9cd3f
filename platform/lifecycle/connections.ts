/** The data services of one process, opened in one place and closed in order. */
import type { Redis } from 'ioredis';
import type { Connection } from 'mongoose';
import { keepSharedTime } from '../clock/shared-clock.ts';
import { requiredSettings } from '../config/required-settings.ts';
import type { Settings } from '../config/settings.ts';
import { EventLog } from '../event-log/event-log.ts';
import { InvalidationBus } from '../invalidation/invalidation-bus.ts';
import type { Logger } from '../logging/logger.ts';
import { type RedisNames, redisNames } from '../names/redis-names.ts';
import { DispatchQueues } from '../queues/queues.ts';
import { connectMongo } from '../storage/mongo.ts';
import { connectRedis, refuseEvictingRedis, whenReady } from '../storage/redis.ts';
import { Ping } from './ping.ts';
import type { Shutdown } from './shutdown.ts';

export interface Connections {
  readonly mongo: Connection;
  /** For commands that should fail fast. */
  readonly redis: Redis;
  readonly names: RedisNames;
  readonly events: EventLog;
  readonly bus: InvalidationBus;
  readonly queues: DispatchQueues;
  /** A further connection, for pub/sub or for blocking reads; closed at shutdown. */
  further(use: 'subscriber' | 'blocking'): Redis;
  /** What keeps the data services from being used, one sentence each: both are asked, and waited for a second. */
  problems(): Promise<readonly string[]>;
  /**
   * The same of MongoDB alone, for the roles that answer callers: without Redis they accept and answer still, and
   * must not all be taken out of rotation for its sake.
   */
  storeProblems(): Promise<readonly string[]>;
}

/**
 * Opens them all and waits until they answer.
 * @throws SettingsError when MONGODB_URI or REDIS_URL is missing; Error when a service does not answer, or when
 * Redis evicts.
 */
export async function openConnections(
  settings: Settings,
  log: Logger,
  shutdown: Shutdown,
): Promise<Connections> {
  const { MONGODB_URI, REDIS_URL } = requiredSettings(settings, 'MONGODB_URI', 'REDIS_URL');
  const mongo = await connectMongo(MONGODB_URI, log, () => shutdown.started);
  shutdown.onClose('MongoDB', () => mongo.close());
  const open = (use: 'commands' | 'subscriber' | 'blocking') => {
    const redis = connectRedis(REDIS_URL, use, log);
    shutdown.onClose(`Redis (${use})`, () => redis.disconnect());
    return redis;
  };
  const redis = open('commands');
  await whenReady(redis);
  await refuseEvictingRedis(redis);
  const names = redisNames(settings.HERALD_NAMESPACE);
  const bus = new InvalidationBus(redis, open('subscriber'), names.invalidations, log);
  await bus.start();
  const queues = new DispatchQueues(redis, names.queuePrefix);
  shutdown.onClose('queues', () => queues.close());
  const events = new EventLog(redis, names.events, log);
  shutdown.onClose('event log', () => events.close());
  shutdown.onClose('shared clock', await keepSharedTime(redis, log));
  const store = new Ping('MongoDB', () =>
    // Not a `ping`, which a server answers even when its storage engine has given up.
    mongo.collection('none').findOne({}, { projection: { _id: 1 } }),
  );
  const memory = new Ping('Redis', () => redis.ping());
  const problemsOf = async (...pings: readonly Ping[]) => {
    const problems = await Promise.all(pings.map((service) => service.problem()));
    return problems.filter((problem) => problem !== undefined);
  };
  return {
    mongo,
    redis,
    names,
    events,
    bus,
    queues,
    further: open,
    problems: () => problemsOf(store, memory),
    storeProblems: () => problemsOf(store),
  };
}
