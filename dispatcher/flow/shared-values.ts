/** Values that all dispatchers share, such as an account's access token: in Redis, encrypted, made by one for all. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { SecretBox } from '../../platform/secrets/secret-box.ts';
import { RedisLock } from '../../platform/storage/redis-lock.ts';
import type { SharedValues } from '../channels/contract.ts';
import { inTime } from '../channels/network/in-time.ts';

/** A value is made anew so long before it ends: what begins with it must not end without it. */
const MARGIN_MS = 60_000;
/** Whoever makes a value has so long; then another one tries. */
const MAKING_MS = 20_000;
const LOOK_AGAIN_MS = 100;

/** KEYS[1] value; ARGV[1] what it must be to go. */
const DROP = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/**
 * @param keyOf the Redis key of a value's name.
 * @param margin see `MARGIN_MS`; shorter for tests.
 */
export function redisSharedValues(
  redis: Redis,
  box: SecretBox,
  keyOf: (name: string) => string,
  marginMs = MARGIN_MS,
): SharedValues {
  /** Concurrent questions of this process are one, asked in the time of whoever was first. */
  const asking = new Map<string, { readonly answer: Promise<string>; readonly signal: AbortSignal }>();
  /** What this process saw last: a send need not ask Redis each time. */
  const seen = new Map<string, { value: string; sealed: string; until: number }>();

  async function find(name: string): Promise<string | undefined> {
    const key = keyOf(name);
    const [sealed, leftMs] = await Promise.all([redis.get(key), redis.pttl(key)]);
    if (sealed === null) return undefined;
    const value = box.open(sealed, key);
    seen.set(name, { value, sealed, until: performance.now() + Math.max(0, leftMs) });
    return value;
  }

  async function make(name: string, makeIt: Parameters<SharedValues['get']>[1]): Promise<string> {
    const key = keyOf(name);
    const { value, expiresAt } = await makeIt();
    const leftMs = Math.max(1, expiresAt.getTime() - Date.now() - marginMs);
    const sealed = box.seal(value, key);
    await redis.set(key, sealed, 'PX', leftMs);
    seen.set(name, { value, sealed, until: performance.now() + leftMs });
    return value;
  }

  async function ask(name: string, makeIt: Parameters<SharedValues['get']>[1], signal: AbortSignal) {
    const lock = new RedisLock(redis, `${keyOf(name)}:lock`, MAKING_MS);
    for (;;) {
      const found = await find(name);
      if (found !== undefined) return found;
      if (await lock.hold()) {
        try {
          return (await find(name)) ?? (await make(name, makeIt));
        } finally {
          await lock.release();
        }
      }
      await sleep(LOOK_AGAIN_MS, undefined, { signal });
    }
  }

  return {
    async get(name, makeIt, signal) {
      for (;;) {
        const known = seen.get(name);
        if (known && performance.now() < known.until) return known.value;
        const others = asking.get(name);
        if (!others) break;
        try {
          return await inTime(others.answer, signal);
        } catch (error) {
          // Whoever asked has given up; that is no answer for those who still wait.
          if (signal.aborted || !others.signal.aborted) throw error;
        }
      }
      const answer = ask(name, makeIt, signal).finally(() => asking.delete(name));
      asking.set(name, { answer, signal });
      return answer;
    },
    async drop(name, value) {
      const known = seen.get(name);
      if (known?.value !== value) return;
      seen.delete(name);
      await redis.eval(DROP, 1, keyOf(name), known.sealed);
    },
  };
}
