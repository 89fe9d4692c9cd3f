/** A data service whose disk is full. */
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { Scenario, Stage } from '../scenario.ts';
import { SmallDisk, smallDiskMissing } from './small-disk.ts';

const GROWTH = 'fault_growth';
const PIECE = 'x'.repeat(256 * 1024);
const PIECES = 1_000;

/** WiredTiger makes room for its log beforehand: the store has to grow until it needs more than that. */
async function growUntilRefused({ store }: Stage): Promise<boolean> {
  for (let i = 0; i < PIECES; i++)
    try {
      await store.collection<{ _id: number; piece: string }>(GROWTH).insertOne({ _id: i, piece: PIECE });
    } catch {
      // That is what was waited for: whatever the engine calls it, it takes no more.
      return true;
    }
  return false;
}

async function takesWrites({ store }: Stage): Promise<boolean> {
  try {
    await store.collection<{ _id: string }>(GROWTH).insertOne({ _id: `again-${Date.now()}` });
    return true;
  } catch {
    return false;
  }
}

const mongoDisk = new SmallDisk(320);
const redisDisk = new SmallDisk(48);

export const scenarios: readonly Scenario[] = [
  {
    name: 'mongo-disk-full',
    title: 'MongoDB: disk full',
    missing: smallDiskMissing,
    prepare: async (dir) => {
      const mongoDir = join(dir, 'mongo-disk');
      await mongoDisk.mount(mongoDir);
      return { mongoDir };
    },
    cleanUp: () => mongoDisk.unmount(),
    drainSeconds: 90,
    fault: async (stage) => {
      await mongoDisk.fill();
      const refused = await growUntilRefused(stage);
      await stage.pause(5_000);
      await mongoDisk.free();
      await stage.pause(1_000);
      // WiredTiger gives up when it cannot write: what was acknowledged must be there when it is started again.
      const survived = await takesWrites(stage);
      if (!survived) {
        await stage.mongo.kill9();
        await stage.mongo.start();
      }
      await stage.store.collection(GROWTH).drop();
      return {
        note: survived ? 'the engine went on by itself' : 'the engine had to be started again',
        problems: refused ? [] : ['the disk was never full: the store took everything'],
      };
    },
  },
  {
    name: 'redis-disk-full',
    title: 'Redis: disk full',
    missing: smallDiskMissing,
    prepare: async (dir) => {
      const redisDir = join(dir, 'redis-disk');
      await redisDisk.mount(redisDir);
      return { redisDir };
    },
    cleanUp: () => redisDisk.unmount(),
    drainSeconds: 90,
    fault: async (stage) => {
      await redisDisk.fill();
      await stage.pause(6_000);
      const refused = await refusesWrites(stage.redis.uri);
      await redisDisk.free();
      return { problems: refused ? [] : ['the disk was never full: Redis took everything'] };
    },
  },
];

/** MISCONF: its append-only file cannot be written. */
async function refusesWrites(uri: string): Promise<boolean> {
  const redis = new Redis(uri, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  try {
    await redis.set('fault-growth', '1', 'PX', 1_000);
    return false;
  } catch (error) {
    return error instanceof Error && error.message.startsWith('MISCONF');
  } finally {
    redis.disconnect();
  }
}
