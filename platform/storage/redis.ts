/** The Redis connections of a process. */
import { Redis } from 'ioredis';
import type { Logger } from '../logging/logger.ts';

/** What an ioredis connection is for: `commands` fail fast, `blocking` and `subscriber` wait for the server to return. */
export type RedisUse = 'commands' | 'blocking' | 'subscriber';

/** @param url `redis://` or `rediss://`. The connection is under way when this returns. */
export function connectRedis(url: string, use: RedisUse, log: Logger): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: use === 'commands' ? 1 : null,
    enableOfflineQueue: use !== 'commands',
    enableReadyCheck: true,
    connectTimeout: 3_000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 2_000),
  });
  let said = false;
  redis.on('error', (error: Error) => {
    if (!said) log.warn({ err: error, use }, 'Redis: connection failed; trying again');
    said = true;
  });
  redis.on('ready', () => {
    said = false;
  });
  return redis;
}

/** Waits until the connection is usable. @throws Error after `timeoutMs`. */
export async function whenReady(redis: Redis, timeoutMs = 5_000): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      redis.off('ready', onReady);
      reject(new Error(`Redis did not answer within ${timeoutMs} ms`));
    }, timeoutMs);
    const onReady = () => {
      clearTimeout(timer);
      resolve();
    };
    redis.once('ready', onReady);
  });
}

/**
 * Queues live in Redis: one that evicts keys loses them.
 * @throws Error that says which setting of Redis to change.
 */
export async function refuseEvictingRedis(redis: Redis): Promise<void> {
  const info = await redis.info('memory');
  const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1];
  if (policy !== undefined && policy !== 'noeviction')
    throw new Error(
      `Redis has maxmemory-policy ${policy}, which drops queued work when memory is short. Set it to noeviction (CONFIG SET maxmemory-policy noeviction).`,
    );
}
