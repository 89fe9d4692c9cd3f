import { Redis } from 'ioredis';
import mongoose from 'mongoose';
import { describe, expect, test } from 'vitest';
import { redisNames } from '../platform/names/redis-names.ts';
import { type FreshDatabase, freshDatabase } from './fresh.ts';

/** What another client sees of it: documents in a collection, and whether a key of the namespace is there. */
async function contents(of: FreshDatabase, add: boolean): Promise<{ documents: number; keys: number }> {
  const connection = await mongoose.createConnection(of.mongodbUri).asPromise();
  const redis = new Redis(of.redisUrl);
  const key = redisNames(of.namespace).events;
  if (add) {
    await connection.collection('things').insertOne({ of: of.namespace });
    await redis.set(key, of.namespace);
  }
  const seen = {
    documents: await connection.collection('things').countDocuments(),
    keys: await redis.exists(key),
  };
  await connection.close();
  redis.disconnect();
  return seen;
}

describe('freshDatabase', () => {
  const used: FreshDatabase[] = [];

  describe('in use', () => {
    const a = freshDatabase();
    const b = freshDatabase();
    test('each call has a database and a namespace of its own', async () => {
      for (const fresh of [a, b]) {
        expect(await contents(fresh, false)).toEqual({ documents: 0, keys: 0 });
        expect(await contents(fresh, true)).toEqual({ documents: 1, keys: 1 });
        used.push(fresh);
      }
    });
  });

  test('nothing is left afterwards', async () => {
    expect(used).toHaveLength(2);
    for (const fresh of used) expect(await contents(fresh, false)).toEqual({ documents: 0, keys: 0 });
  });
});
