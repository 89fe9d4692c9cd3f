/** The Redis connections of a process. */
import { Redis } from 'ioredis';
import type { Logger } from '../logging/logger.ts';

/** What an ioredis connection is for: `commands` fail fast, `blocking` and `subscriber` wait for the server to return. */
export type RedisUse = 'commands' | 'blocking' | 'subscriber';

/**
 * A Redis that does not answer holds nobody up for longer than this: accepting goes on without it. Longer than a
 * script takes on a busy machine.
 */
const COMMAND_TIMEOUT_MS = 2_500;
/**
 * A connection on which an answer is due and nothing comes is dropped, and a new one is tried. `blocking` ones may
 * be asked to wait: BullMQ's workers for up to 10 s.
 */
const SILENCE_MS: Readonly<Record<RedisUse, number>> = {
  commands: 5_000,
  blocking: 15_000,
  subscriber: 5_000,
};
/** A subscriber only listens: without a question now and then it would never notice that its link is dead. */
const PING_MS = 5_000;

/** @param url `redis://` or `rediss://`. The connection is under way when this returns. */
export function connectRedis(url: string, use: RedisUse, log: Logger): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: use === 'commands' ? 1 : null,
    enableOfflineQueue: use !== 'commands',
    enableReadyCheck: true,
    connectTimeout: 3_000,
    ...(use === 'commands' && { commandTimeout: COMMAND_TIMEOUT_MS }),
    socketTimeout: SILENCE_MS[use],
    keepAlive: 10_000,
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
  if (use === 'subscriber') keepAsking(redis);
  return redis;
}

function keepAsking(redis: Redis): void {
  const timer = setInterval(() => {
    // Its failure is the connection's: it is said, and mended, where that is.
    if (redis.status === 'ready') redis.ping().catch(() => undefined);
  }, PING_MS);
  timer.unref();
  redis.once('end', () => clearInterval(timer));
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
