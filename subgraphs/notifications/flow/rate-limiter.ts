/**
 * How fast an app may send: a token bucket in Redis, the same for all processes. Notifications are counted, not
 * requests. Concurrent takes share a round trip.
 */
import type { Redis } from 'ioredis';
import { Batcher, type BatchResult } from '../../../platform/batching/batcher.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { Outage } from '../../../platform/logging/outage.ts';
import type { RedisNames } from '../../../platform/names/redis-names.ts';

/** Whose bucket, and how fast it fills. */
export interface RateLimited {
  readonly workspace: string;
  readonly app: string;
  readonly ratePerSecond: number;
}
export interface Grant {
  readonly granted: number;
  /** When the next one may be sent; 0 when all were granted. */
  readonly retryAfterMs: number;
}

/** A full bucket holds so many seconds of its rate. */
const BURST_SECONDS = 2;

/**
 * KEYS[1] bucket; ARGV[1] tokens a second, ARGV[2] greatest number of tokens, ARGV[3] tokens wanted. Takes as
 * many as there are. Time is Redis's own, so that the clocks of processes do not matter.
 * Returns {tokens taken, milliseconds until there is one more}.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local rate, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(bucket[1]) or burst
local at = tonumber(bucket[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * rate / 1000)
local taken = math.min(wanted, math.floor(tokens))
tokens = tokens - taken
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
local wait = 0
if taken < wanted then wait = math.max(1, math.ceil((1 - tokens) * 1000 / rate)) end
return {taken, wait}`;

interface Take extends RateLimited {
  readonly wanted: number;
}

export class RateLimiter {
  readonly #redis: Redis;
  readonly #names: RedisNames;
  readonly #outage: Outage;
  readonly #takes: Batcher<Take, Grant>;

  constructor(redis: Redis, names: RedisNames, log: Logger) {
    this.#redis = redis;
    this.#names = names;
    this.#outage = new Outage(log, 'rate limits are not checked: all is granted');
    this.#takes = new Batcher((takes) => this.#takeAll(takes), { maxGroup: 5_000, maxInFlight: 4 });
  }

  /** Never throws: without Redis everything is granted (a send must not fail for want of a counter). */
  take(of: RateLimited, wanted: number): Promise<Grant> {
    return this.#takes.submit({ ...of, wanted });
  }

  async #takeAll(takes: readonly Take[]): Promise<BatchResult<Grant>[]> {
    const byApp = Map.groupBy(takes, ({ workspace, app }) => this.#names.rateLimit(workspace, app));
    const grants = new Map<Take, Grant>();
    await Promise.all(
      [...byApp].map(async ([key, own]) => {
        const total = own.reduce((sum, { wanted }) => sum + wanted, 0);
        const grant = await this.#takeFrom(key, own[0]?.ratePerSecond ?? 1, total);
        let left = grant.granted;
        for (const take of own) {
          const part = Math.min(left, take.wanted);
          left -= part;
          grants.set(take, { granted: part, retryAfterMs: part < take.wanted ? grant.retryAfterMs : 0 });
        }
      }),
    );
    return takes.map((take) => ({
      ok: true,
      value: grants.get(take) ?? { granted: take.wanted, retryAfterMs: 0 },
    }));
  }

  async #takeFrom(key: string, ratePerSecond: number, wanted: number): Promise<Grant> {
    try {
      const burst = Math.max(1, BURST_SECONDS * ratePerSecond);
      const answer = await this.#redis.eval(TAKE, 1, key, ratePerSecond, burst, wanted);
      const [granted, retryAfterMs] = answer as [number, number];
      this.#outage.worked();
      return { granted, retryAfterMs };
    } catch (error) {
      this.#outage.failed(error, wanted);
      return { granted: wanted, retryAfterMs: 0 };
    }
  }
}
