/** Questions to a Redis: is it there, and will it keep what it is given? */
import { Redis } from 'ioredis';
import { messageOf } from '../errors/message-of.ts';
import { refuseEvictingRedis } from '../storage/redis.ts';
import { hostsOf } from './mongo-probe.ts';
import { within } from './within.ts';

/** Longest that the check of a given REDIS_URL may take. */
export const REDIS_PROBE_MS = 5_000;

/** One ping. @throws Error when there is no answer, or the data is still being loaded. */
export async function pingRedis(url: string, timeoutMs: number): Promise<void> {
  await withRedis(url, timeoutMs, async (redis) => {
    await redis.ping();
  });
}

/**
 * Checks a Redis that Herald does not run.
 * @returns host and port, without credentials.
 * @throws Error with a sentence that names the setting, also for a Redis that evicts.
 */
export async function probeRedis(url: string): Promise<string> {
  const host = hostsOf(url);
  try {
    await pingRedis(url, REDIS_PROBE_MS);
  } catch (error) {
    const why = messageOf(error);
    throw new Error(`REDIS_URL: no Redis answers at ${host} within ${REDIS_PROBE_MS / 1000} s (${why}).`, {
      cause: error,
    });
  }
  try {
    await withRedis(url, REDIS_PROBE_MS, refuseEvictingRedis);
  } catch (error) {
    throw new Error(`REDIS_URL: ${messageOf(error)}`, { cause: error });
  }
  return host;
}

async function withRedis(
  url: string,
  timeoutMs: number,
  work: (redis: Redis) => Promise<void>,
): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: timeoutMs,
    enableReadyCheck: false,
  });
  // The first error says why; what follows it ("Connection is closed") does not.
  let first: Error | undefined;
  redis.on('error', (error: Error) => {
    first ??= error;
  });
  try {
    await within(
      timeoutMs,
      redis.connect().then(() => work(redis)),
    );
  } catch (error) {
    throw first ?? error;
  } finally {
    redis.disconnect();
  }
}
