/**
 * Tells how provider accounts fare, for operators: into Redis, where the graph reads it. What has changed is told every
 * two seconds in one exchange for all accounts of this process, what has not every ten; never for single messages.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { sharedNow } from '../../platform/clock/shared-clock.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { Outage } from '../../platform/logging/outage.ts';
import type { RedisNames } from '../../platform/names/redis-names.ts';
import {
  type AccountReport,
  FRESH_MS,
  REPORTS_KEPT_MS,
  TOLD_AGAIN_MS,
} from '../../platform/provider-health/account-report.ts';
import {
  SETTINGS_KEPT_MS,
  SETTINGS_TOLD_AGAIN_MS,
  type SettingsAccount,
} from '../../platform/provider-health/settings-accounts.ts';
import type { ProviderFlow } from '../flow/provider-flow.ts';
import type { SharedCircuits } from '../flow/shared-circuits.ts';

const TELL_MS = 2_000;

/**
 * KEYS[1] an account's reports; ARGV: field, report, life in ms, what is older than this (ms since 1970) is of a
 * process that is gone. Only a hash that other processes tell in, too, is looked through.
 */
const TELL = `
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if redis.call('HLEN', KEYS[1]) > 2 then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    local at = tonumber(string.match(all[i + 1], '^{"at":(%d+)'))
    if all[i] ~= 'check' and (not at or at < tonumber(ARGV[4])) then redis.call('HDEL', KEYS[1], all[i]) end
  end
end
return 1`;

export interface HealthPublisherDeps {
  readonly redis: Redis;
  readonly names: Pick<RedisNames, 'providerHealth' | 'settingsAccounts'>;
  /** Those of this process now, by key. */
  readonly flows: () => ReadonlyMap<string, ProviderFlow>;
  readonly circuits: Pick<SharedCircuits, 'pausedHosts'>;
  readonly settingsAccounts: readonly SettingsAccount[];
  readonly log: Logger;
}

/** What was told last, without its time, and when. */
interface Told {
  readonly text: string;
  readonly at: number;
}

export class HealthPublisher {
  readonly #deps: HealthPublisherDeps;
  /** This process, among those that tell. */
  readonly #field = randomUUID();
  readonly #timer: NodeJS.Timeout;
  readonly #outage: Outage;
  /** By key. */
  #told = new Map<string, Told>();
  #settingsToldAt = Number.NEGATIVE_INFINITY;
  #telling: Promise<void> | undefined;

  constructor(deps: HealthPublisherDeps) {
    this.#deps = deps;
    this.#outage = new Outage(deps.log, 'the health of provider accounts is not told');
    this.#timer = setInterval(() => void this.tell(), TELL_MS);
    this.#timer.unref();
    void this.tell();
  }

  /** Tells what there is to tell. Never throws: without Redis it is told later. */
  tell(): Promise<void> {
    this.#telling ??= this.#tellNow().finally(() => {
      this.#telling = undefined;
    });
    return this.#telling;
  }

  /** Takes back what this process has told: it speaks for the accounts no longer. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#telling;
    const { redis, names } = this.#deps;
    const pipeline = redis.pipeline();
    for (const key of this.#told.keys()) pipeline.hdel(names.providerHealth(key), this.#field);
    try {
      await pipeline.exec();
    } catch (error) {
      this.#outage.failed(error);
    }
  }

  async #tellNow(): Promise<void> {
    const { redis, names, flows, circuits } = this.#deps;
    const now = sharedNow();
    const pausedHosts = circuits.pausedHosts();
    const pipeline = redis.pipeline();
    const told = new Map<string, Told>();
    for (const [key, flow] of flows()) {
      const report = reportOf(flow, pausedHosts.get(key) ?? 0);
      const text = JSON.stringify(report);
      const before = this.#told.get(key);
      if (before?.text === text && now - before.at < TOLD_AGAIN_MS) {
        told.set(key, before);
        continue;
      }
      told.set(key, { text, at: now });
      // The time comes first: the script looks for it there.
      const withTime = JSON.stringify({ at: now, ...report } satisfies AccountReport);
      pipeline.eval(
        TELL,
        1,
        names.providerHealth(key),
        this.#field,
        withTime,
        REPORTS_KEPT_MS,
        now - FRESH_MS,
      );
    }
    for (const key of this.#told.keys())
      if (!told.has(key)) pipeline.hdel(names.providerHealth(key), this.#field);
    const tellsSettings = performance.now() - this.#settingsToldAt > SETTINGS_TOLD_AGAIN_MS;
    if (tellsSettings)
      pipeline.set(
        names.settingsAccounts,
        JSON.stringify(this.#deps.settingsAccounts),
        'PX',
        SETTINGS_KEPT_MS,
      );
    if (pipeline.length === 0) return;
    try {
      const [failed] = ((await pipeline.exec()) ?? []).flatMap(([error]) => error ?? []);
      if (failed) throw failed;
      this.#told = told;
      if (tellsSettings) this.#settingsToldAt = performance.now();
      this.#outage.worked();
    } catch (error) {
      this.#outage.failed(error);
    }
  }
}

function reportOf(flow: ProviderFlow, pausedHosts: number): Omit<AccountReport, 'at'> {
  const { ratePerSecond, dailyQuota } = flow.limits;
  return {
    ...flow.tally.told(),
    pausedHosts,
    hasHosts: flow.hasHosts,
    ...(ratePerSecond !== undefined && { ratePerSecond }),
    ...(dailyQuota !== undefined && { dailyQuota }),
  };
}
