/** A lock in Redis for work that one process at a time should do. It saves work; correctness must not hang on it. */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

/**
 * Takes the lock, or keeps it, for `ttlMs`.
 * KEYS[1] lock; ARGV[1] token, ARGV[2] ttl in ms. Returns 1 when held by the token, else 0.
 */
const HOLD = `
local holder = redis.call('GET', KEYS[1])
if holder == false or holder == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return 1
end
return 0`;

/** KEYS[1] lock; ARGV[1] token. Returns 1 when it was released, 0 when somebody else held it. */
const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

export class RedisLock {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #ttlMs: number;
  readonly #token = randomUUID();

  constructor(redis: Redis, key: string, ttlMs: number) {
    this.#redis = redis;
    this.#key = key;
    this.#ttlMs = ttlMs;
  }

  /** Whether this holder has the lock for the next `ttlMs`. @throws when Redis does not answer. */
  async hold(): Promise<boolean> {
    return (await this.#redis.eval(HOLD, 1, this.#key, this.#token, this.#ttlMs)) === 1;
  }

  async release(): Promise<void> {
    await this.#redis.eval(RELEASE, 1, this.#key, this.#token);
  }
}
