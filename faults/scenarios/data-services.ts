/** Faults of MongoDB and Redis themselves. */
import { Redis } from 'ioredis';
import type { Scenario, Stage } from '../scenario.ts';
import { heardWrong, probe } from './probe.ts';

/** As an administrator, past every link. */
async function onRedis(stage: Stage, work: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis(stage.redis.uri, { maxRetriesPerRequest: 1 });
  // What goes wrong is thrown by the command.
  redis.on('error', () => undefined);
  try {
    await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** Redis is away; accepting goes on all the while. */
const redisDown = (seconds: number): Scenario => ({
  name: `redis-down-${seconds}s`,
  title: `Redis: down for ${seconds} s`,
  drainSeconds: 90,
  fault: async (stage) => {
    await stage.redis.stop();
    await stage.pause(500);
    const heard = [await probe(stage, 0), await probe(stage, 1)];
    await stage.pause(seconds * 1000 - 500);
    await stage.redis.start();
    return { problems: heardWrong(heard, { what: 'accepted', withinSeconds: 3 }) };
  },
});

export const scenarios: readonly Scenario[] = [
  {
    name: 'redis-killed',
    title: 'Redis: kill -9, started again with its append-only file',
    short: true,
    fault: async ({ redis, between, pause }) => {
      await redis.kill9();
      await pause(between(200, 2_000));
      await redis.start();
      return undefined;
    },
  },
  redisDown(15),
  redisDown(60),
  {
    name: 'redis-flushed',
    title: 'Redis: FLUSHALL, three times',
    short: true,
    fault: async (stage) => {
      for (let i = 0; i < 3; i++) {
        await onRedis(stage, (redis) => redis.flushall());
        await stage.pause(stage.between(200, 1_500));
      }
      return undefined;
    },
  },
  {
    name: 'redis-out-of-memory',
    title: 'Redis: out of memory for 8 s',
    fault: async (stage) => {
      await onRedis(stage, (redis) => redis.config('SET', 'maxmemory', '1'));
      await stage.pause(500);
      const heard = [await probe(stage)];
      await stage.pause(stage.short ? 3_500 : 7_500);
      await onRedis(stage, (redis) => redis.config('SET', 'maxmemory', '0'));
      return { problems: heardWrong(heard, { what: 'accepted', withinSeconds: 3 }) };
    },
  },
  {
    name: 'redis-stopped',
    title: 'Redis: SIGSTOP for 10 s',
    fault: async (stage) => {
      stage.redis.pause();
      const heard = [await probe(stage)];
      await stage.pause(10_000);
      stage.redis.resume();
      return { problems: heardWrong(heard, { what: 'accepted', withinSeconds: 8 }) };
    },
  },
  {
    name: 'mongo-killed',
    title: 'MongoDB: kill -9 and started again, three times',
    short: true,
    fault: async ({ mongo, between, pause, short }) => {
      for (let i = 0; i < (short ? 1 : 3); i++) {
        await mongo.kill9();
        await pause(between(0, 1_500));
        await mongo.start();
        await pause(between(500, 3_000));
      }
      return undefined;
    },
  },
  {
    name: 'mongo-down-15s',
    title: 'MongoDB: down for 15 s',
    fault: async (stage) => {
      await stage.mongo.stop();
      await stage.pause(4_000);
      const heard = [await probe(stage, 0), await probe(stage, 1)];
      await stage.pause(11_000);
      await stage.mongo.start();
      return { problems: heardWrong(heard, { what: 'UNAVAILABLE', withinSeconds: 8 }) };
    },
  },
  {
    name: 'mongo-stopped',
    title: 'MongoDB: SIGSTOP for 10 s',
    fault: async ({ mongo, pause }) => {
      mongo.pause();
      await pause(10_000);
      mongo.resume();
      return undefined;
    },
  },
];
