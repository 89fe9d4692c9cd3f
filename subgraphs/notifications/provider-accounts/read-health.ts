/** Reads from Redis what the dispatchers tell of provider accounts. */
import type { Redis } from 'ioredis';
import { sharedNow } from '../../../platform/clock/shared-clock.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { Outage } from '../../../platform/logging/outage.ts';
import type { RedisNames } from '../../../platform/names/redis-names.ts';
import { readReports } from '../../../platform/provider-health/account-report.ts';
import { parseCircuit } from '../../../platform/provider-health/circuit-record.ts';
import {
  readSettingsAccounts,
  type SettingsAccount,
} from '../../../platform/provider-health/settings-accounts.ts';
import type { HealthFacts } from './account-health.ts';

const DAY_MS = 86_400_000;

export class HealthReader {
  readonly #redis: Redis;
  readonly #names: RedisNames;
  readonly #outage: Outage;

  constructor(redis: Redis, names: RedisNames, log: Logger) {
    this.#redis = redis;
    this.#names = names;
    this.#outage = new Outage(log, 'the health of provider accounts is not known');
  }

  /** In one exchange, in the order of the keys; undefined each when Redis does not answer. */
  async facts(keys: readonly string[]): Promise<(HealthFacts | undefined)[]> {
    try {
      const now = sharedNow();
      const pipeline = this.#redis.pipeline();
      for (const key of keys)
        pipeline
          .hgetall(this.#names.providerHealth(key))
          .get(this.#names.circuit(key))
          .hmget(this.#names.providerPermits(key), 'day', 'used');
      const answers = ((await pipeline.exec()) ?? []).map(([error, answer]) => {
        if (error) throw error;
        return answer;
      });
      this.#outage.worked();
      return keys.map((_, index) => {
        const [fields, circuit, permits] = answers.slice(index * 3, index * 3 + 3) as [
          Record<string, string>,
          string | null,
          (string | null)[],
        ];
        const parsed = parseCircuit(circuit);
        return {
          ...readReports(fields, now),
          ...(parsed && { circuit: parsed }),
          usedToday: usedOn(Math.floor(now / DAY_MS), permits),
        };
      });
    } catch (error) {
      this.#outage.failed(error);
      return keys.map(() => undefined);
    }
  }

  /** In the order in which they are tried; none when Redis does not answer. */
  async settingsAccounts(): Promise<readonly SettingsAccount[]> {
    try {
      const found = readSettingsAccounts(await this.#redis.get(this.#names.settingsAccounts));
      this.#outage.worked();
      return found;
    } catch (error) {
      this.#outage.failed(error);
      return [];
    }
  }
}

const usedOn = (today: number, [day, used]: readonly (string | null)[]): number =>
  Number(day) === today ? Number(used ?? 0) : 0;
