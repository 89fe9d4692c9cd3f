/**
 * How fast an app may send: a token bucket in Redis, the same for all processes. Notifications are counted, not
 * requests. Concurrent takes share a round trip, and an app that sends without pause has tokens taken ahead: at 1,000
 * requests a second a round trip for each cost more than accepting it.
 */
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
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
/** Tokens are taken ahead for so long, where the app's last question is not longer ago. */
const AHEAD_MS = 20;
/** What was taken ahead and not used by then is given up. */
const KEPT_MS = 100;
const MAX_APPS = 10_000;

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

interface Take {
  /** Of the bucket, in Redis. */
  readonly key: string;
  readonly ratePerSecond: number;
  readonly wanted: number;
}

/** Tokens of one app that this process has taken ahead. */
interface Ahead {
  left: number;
  /** When the bucket was asked last, by the monotonic clock. */
  askedAt: number;
}

export class RateLimiter {
  readonly #ahead = new LRUCache<string, Ahead>({ max: MAX_APPS });
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
    const key = this.#names.rateLimit(of.workspace, of.app);
    const ahead = this.#ahead.get(key);
    if (ahead && tokensIn(ahead, performance.now()) >= wanted) {
      ahead.left -= wanted;
      return Promise.resolve({ granted: wanted, retryAfterMs: 0 });
    }
    return this.#takes.submit({ key, ratePerSecond: of.ratePerSecond, wanted });
  }

  async #takeAll(takes: readonly Take[]): Promise<BatchResult<Grant>[]> {
    const grants = new Map<Take, Grant>();
    await Promise.all(
      [...Map.groupBy(takes, ({ key }) => key)].map(async ([key, own]) => {
        const total = own.reduce((sum, { wanted }) => sum + wanted, 0);
        const { granted, retryAfterMs } = await this.#takeFor(key, own[0]?.ratePerSecond ?? 1, total);
        let left = granted;
        for (const take of own) {
          const part = Math.min(left, take.wanted);
          left -= part;
          grants.set(take, { granted: part, retryAfterMs: part < take.wanted ? retryAfterMs : 0 });
        }
      }),
    );
    return takes.map((take) => ({
      ok: true,
      value: grants.get(take) ?? { granted: take.wanted, retryAfterMs: 0 },
    }));
  }

  /** What is held of the app goes first; what is taken ahead is held from then on. */
  async #takeFor(key: string, ratePerSecond: number, wanted: number): Promise<Grant> {
    const now = performance.now();
    const ahead = this.#ahead.get(key) ?? { left: 0, askedAt: Number.NEGATIVE_INFINITY };
    this.#ahead.set(key, ahead);
    const further = now - ahead.askedAt < AHEAD_MS ? Math.floor((ratePerSecond * AHEAD_MS) / 1_000) : 0;
    const held = Math.min(tokensIn(ahead, now), wanted);
    ahead.left = tokensIn(ahead, now) - held;
    ahead.askedAt = now;
    const grant = await this.#takeFrom(key, ratePerSecond, wanted - held + further);
    const granted = Math.min(wanted, held + grant.granted);
    ahead.left += held + grant.granted - granted;
    return { granted, retryAfterMs: grant.retryAfterMs };
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

const tokensIn = ({ left, askedAt }: Ahead, now: number): number => (now - askedAt < KEPT_MS ? left : 0);
