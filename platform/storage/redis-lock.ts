/** A lock in Redis for work that one process at a time should do. It saves work; correctness must not hang on it. */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

/**
 * Takes the lock, or keeps it, for `ttlMs`.
 * KEYS[1] lock; ARGV[1] token, ARGV[2] ttl in ms. Returns 2 when it was taken, 1 when kept, 0 when somebody else has it.
 */
const HOLD = `
local holder = redis.call('GET', KEYS[1])
if holder == false or holder == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  if holder == false then return 2 end
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
    return (await this.take()) !== 'held by another';
  }

  /**
   * As `hold`, and tells whether it was this holder's without a break (`kept`).
   * @throws when Redis does not answer.
   */
  async take(): Promise<'taken' | 'kept' | 'held by another'> {
    const answer = await this.#redis.eval(HOLD, 1, this.#key, this.#token, this.#ttlMs);
    return answer === 2 ? 'taken' : answer === 1 ? 'kept' : 'held by another';
  }

  async release(): Promise<void> {
    await this.#redis.eval(RELEASE, 1, this.#key, this.#token);
  }
}
