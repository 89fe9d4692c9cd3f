/** The alerts of a process: one at a time looks, elected by a lock; another takes over when it dies. */
import type { Redis } from 'ioredis';
import type { Connection } from 'mongoose';
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import { ElectedLoop } from '../../../platform/lifecycle/elected-loop.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { RedisNames } from '../../../platform/names/redis-names.ts';
import { RedisLock } from '../../../platform/storage/redis-lock.ts';
import type { NotificationModels } from '../store/models.ts';
import { forgetOpen, measureOpen } from './open-gauge.ts';
import { type AlertRule, raiseAlerts } from './raise-alerts.ts';

/** How soon an alert comes after its reason. */
const LOOK_MS = 5_000;
/** Longer than a look takes: who has not looked for so long has lost the election. */
const LOCK_MS = 4 * LOOK_MS;

export interface AlertsRunning {
  /** Waits for the look in hand. */
  close(): Promise<void>;
}

export function startAlerts(deps: {
  connection: Connection;
  models: Pick<NotificationModels, 'raw'>;
  redis: Redis;
  names: RedisNames;
  events: EventLog;
  rule: AlertRule;
  log: Logger;
  lookMs?: number;
}): AlertsRunning {
  const { connection, models, events, rule, log } = deps;
  let stale: NodeJS.Timeout | undefined;
  const loop = new ElectedLoop({
    name: 'alerts',
    lock: new RedisLock(deps.redis, deps.names.lock('alerts'), LOCK_MS),
    idleMs: deps.lookMs ?? LOOK_MS,
    round: async () => {
      await raiseAlerts({ connection, models, events, log }, rule, sharedDate());
      await measureOpen(models);
      clearTimeout(stale);
      stale = setTimeout(forgetOpen, LOCK_MS).unref();
      return false;
    },
    log,
  });
  loop.start();
  return {
    async close() {
      await loop.close();
      clearTimeout(stale);
    },
  };
}
