/**
 * How fast, and how often a day, one provider account may be used: a token bucket and a counter in Redis, the same for
 * all workers. Own script, because libraries (rate-limiter-flexible) count in fixed windows, of which two halves next to
 * each other may hold twice the rate, and keep no reserve for what is urgent. Concurrent takes share a round trip.
 */
import type { Redis } from 'ioredis';
import { Batcher, type BatchResult } from '../../platform/batching/batcher.ts';
import { PRIORITIES, type Priority } from '../../platform/graphql/contract-enums.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { RedisAbsence } from './redis-absence.ts';

export interface AccountLimits {
  /** Messages a second; no limit when absent. */
  readonly ratePerSecond?: number;
  /** Messages a day (UTC); no limit when absent. */
  readonly dailyQuota?: number;
}

/** A permit, or when to ask again. */
export type PermitAnswer =
  | { readonly granted: true }
  | { readonly granted: false; readonly waitMs: number; readonly why: 'rate' | 'quota' };

/** What each priority leaves of a full bucket, and of a day's quota, to those above it. */
const BUCKET_RESERVE: Readonly<Record<Priority, number>> = { HIGH: 0, MEDIUM: 0.1, LOW: 0.3 };
const QUOTA_RESERVE: Readonly<Record<Priority, number>> = { HIGH: 0, MEDIUM: 0.05, LOW: 0.1 };

/** What a bucket holds. */
const BUCKET = 'local burst = 1 + math.floor(rate / 10)';

/**
 * The bucket holds one token, and one more for every ten a second: so no second has more than 1.1 times the rate (that
 * bucket and what comes in within less than a second), and a worker that looks a little late finds what came in
 * meanwhile. It is the generic cell rate algorithm (ITU-T I.371), kept as a bucket for the sake of the reserves. A tenth
 * of the rate is set apart for LOW as a right, so that steady MEDIUM traffic cannot shut it out; a bucket of one token
 * has no reserve.
 * KEYS[1] account; ARGV: tokens a second (0: no rate), quota (0: none), reserve of the bucket, reserve of the quota,
 * 1 for LOW, permits wanted, ms since 1970 (empty: by Redis's own clock). Returns {taken, ms until asking again makes
 * sense, 1 rate or 2 quota}.
 */
const TAKE = `
local now = tonumber(ARGV[7])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local rate, quota, keep, keepQuota = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local low, taken = ARGV[5] == '1', tonumber(ARGV[6])
local had = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'share', 'day', 'used')
local wait, why, fields, life = 0, 0, {}, 0
${BUCKET}
local tokens, share = tonumber(had[1]) or burst, tonumber(had[3]) or 0
local threshold = math.min(keep * burst, burst - 1)
if rate > 0 then
  local gained = math.max(0, now - (tonumber(had[2]) or now)) * rate / 1000
  tokens = math.min(burst, tokens + gained)
  share = math.min(math.max(1, rate / 10), share + gained / 10)
  local free = math.floor(tokens - threshold + 0.000001)
  if low then free = math.max(free, math.floor(math.min(share, tokens) + 0.000001)) end
  free = math.max(0, free)
  if free < taken then taken = free why = 1 end
end
local day, used = math.floor(now / 86400000), 0
if quota > 0 then
  if tonumber(had[4]) == day then used = tonumber(had[5]) or 0 end
  local left = math.max(0, math.max(1, math.floor(quota * (1 - keepQuota))) - used)
  if left < taken or (left == 0 and why == 1) then
    taken = left
    why = 2
    wait = (day + 1) * 86400000 - now
  end
  used = used + taken
  fields = {'day', day, 'used', used}
  life = 2 * 86400000
end
if rate > 0 then
  tokens = tokens - taken
  if low then share = math.max(0, share - taken) end
  if why == 1 then
    wait = (threshold + 1 - tokens) * 1000 / rate
    if low then wait = math.min(wait, math.max(1 - tokens, (1 - share) * 10) * 1000 / rate) end
    wait = math.max(1, math.ceil(wait))
  end
  for _, value in ipairs({'tokens', tostring(tokens), 'share', tostring(share), 'at', now}) do
    fields[#fields + 1] = value
  end
  life = math.max(life, math.ceil(burst / rate * 1000) + 60000)
end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('PEXPIRE', KEYS[1], life)
return {taken, wait, why}`;

/** KEYS[1] account; ARGV: tokens a second, permits that were not used, ms since 1970 (as above). */
const GIVE_BACK = `
local rate, unused = tonumber(ARGV[1]), tonumber(ARGV[2])
local had = redis.call('HMGET', KEYS[1], 'tokens', 'day', 'used')
if rate > 0 and had[1] then
  ${BUCKET}
  redis.call('HSET', KEYS[1], 'tokens', tostring(math.min(burst, tonumber(had[1]) + unused)))
end
local now = tonumber(ARGV[3]) or tonumber(redis.call('TIME')[1]) * 1000
if tonumber(had[2]) == math.floor(now / 86400000) then
  redis.call('HSET', KEYS[1], 'used', math.max(0, (tonumber(had[3]) or 0) - unused))
end
return 1`;

export class Permits {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #limits: AccountLimits;
  readonly #log: Logger;
  readonly #now: (() => number) | undefined;
  readonly #takes: Batcher<Priority, PermitAnswer>;
  readonly #returns: Batcher<true, true>;
  readonly #absence = new RedisAbsence();

  /**
   * @param deps.key the Redis key of the account.
   * @param deps.now in ms since 1970, instead of Redis's own clock: for tests.
   */
  constructor(deps: {
    redis: Redis;
    key: string;
    limits: AccountLimits;
    log: Logger;
    now?: () => number;
  }) {
    this.#redis = deps.redis;
    this.#key = deps.key;
    this.#limits = deps.limits;
    this.#log = deps.log;
    this.#now = deps.now;
    this.#takes = new Batcher((takes) => this.#takeAll(takes), { maxGroup: 5_000 });
    this.#returns = new Batcher((unused) => this.#giveBack(unused.length), { maxGroup: 5_000 });
  }

  /** One permit. Never throws: without Redis everything is granted (a message must not fail for want of a counter). */
  take(priority: Priority): Promise<PermitAnswer> {
    return this.#takes.submit(priority);
  }

  /** A permit that was not used after all. Never throws. */
  async giveBack(): Promise<void> {
    await this.#returns.submit(true);
  }

  async #takeAll(takes: readonly Priority[]): Promise<BatchResult<PermitAnswer>[]> {
    const answers = new Map<Priority, PermitAnswer[]>();
    // What is urgent first: they see the same bucket.
    for (const priority of PRIORITIES) {
      const wanted = takes.filter((p) => p === priority).length;
      if (wanted > 0) answers.set(priority, await this.#takeSome(priority, wanted));
    }
    return takes.map((priority) => ({
      ok: true,
      value: answers.get(priority)?.shift() ?? { granted: true },
    }));
  }

  async #takeSome(priority: Priority, wanted: number): Promise<PermitAnswer[]> {
    if (this.#absence.now) return Array.from({ length: wanted }, () => ({ granted: true }));
    try {
      const [taken, waitMs, why] = (await this.#redis.eval(
        TAKE,
        1,
        this.#key,
        this.#limits.ratePerSecond ?? 0,
        this.#limits.dailyQuota ?? 0,
        BUCKET_RESERVE[priority],
        QUOTA_RESERVE[priority],
        priority === 'LOW' ? 1 : 0,
        wanted,
        this.#now?.() ?? '',
      )) as [number, number, number];
      this.#checked();
      return Array.from({ length: wanted }, (_, i) =>
        i < taken ? { granted: true } : { granted: false, waitMs, why: why === 2 ? 'quota' : 'rate' },
      );
    } catch (error) {
      this.#notChecked(error);
      return Array.from({ length: wanted }, () => ({ granted: true }));
    }
  }

  async #giveBack(unused: number): Promise<BatchResult<true>[]> {
    try {
      if (!this.#absence.now)
        await this.#redis.eval(
          GIVE_BACK,
          1,
          this.#key,
          this.#limits.ratePerSecond ?? 0,
          unused,
          this.#now?.() ?? '',
        );
    } catch (error) {
      this.#notChecked(error);
    }
    return Array.from({ length: unused }, () => ({ ok: true, value: true }));
  }

  #checked(): void {
    if (this.#absence.answered())
      this.#log.info({ account: this.#key }, 'rates and quotas are checked again');
  }
  #notChecked(error: unknown): void {
    if (this.#absence.failed())
      this.#log.warn(
        { err: error, account: this.#key },
        'rates and quotas are not checked: Redis does not answer',
      );
  }
}
