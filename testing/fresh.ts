/** A database and a Redis namespace of a test file's own, so that files can run side by side. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import mongoose from 'mongoose';
import { afterAll, inject } from 'vitest';

export interface FreshDatabase {
  /** With the new database's name in it. */
  readonly mongodbUri: string;
  readonly redisUrl: string;
  /** For HERALD_NAMESPACE and `redisNames(namespace)`: no other test file uses it. */
  readonly namespace: string;
}

/**
 * Call it at the top of a test file or `describe`, not in a hook: an `afterAll` that drops the database and
 * deletes the namespace's keys is registered with it.
 */
export function freshDatabase(): FreshDatabase {
  const id = randomBytes(6).toString('hex');
  const uri = new URL(inject('mongodbUri'));
  uri.pathname = `/test-${id}`;
  const fresh = { mongodbUri: uri.href, redisUrl: inject('redisUrl'), namespace: `test-${id}` };
  afterAll(async () => {
    await Promise.all([dropDatabase(fresh.mongodbUri), deleteNamespace(fresh.redisUrl, fresh.namespace)]);
  });
  return fresh;
}

async function dropDatabase(uri: string): Promise<void> {
  const connection = await mongoose.createConnection(uri, { serverSelectionTimeoutMS: 30_000 }).asPromise();
  try {
    await connection.dropDatabase();
  } finally {
    await connection.close();
  }
}

async function deleteNamespace(url: string, namespace: string): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  try {
    for await (const keys of redis.scanStream({ match: `{${namespace}:*`, count: 500 }))
      if (keys.length > 0) await redis.unlink(...(keys as string[]));
  } finally {
    redis.disconnect();
  }
}
