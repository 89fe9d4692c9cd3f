/** The digests of a process: one at a time closes what is due, elected by a lock; another takes over when it dies. */
import type { Redis } from 'ioredis';
import type { Connection } from 'mongoose';
import { Counter } from 'prom-client';
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { isDataServiceError } from '../../../platform/errors/data-service-errors.ts';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import { metricsRegistry } from '../../../platform/http/metrics.ts';
import { ElectedLoop } from '../../../platform/lifecycle/elected-loop.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { RedisNames } from '../../../platform/names/redis-names.ts';
import type { DispatchQueues } from '../../../platform/queues/queues.ts';
import { FencedLock, TurnLostError } from '../../../platform/storage/fenced-lock.ts';
import { RedisLock } from '../../../platform/storage/redis-lock.ts';
import { PlanEnqueuer } from '../accept/plan-enqueuer.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { closeBuckets, closedBuckets, deleteClosed, dueBuckets } from './close-buckets.ts';
import type { DigestBucketRecord } from './digest-models.ts';

/** How late a digest may be. */
const LOOK_MS = 1_000;
/** Longer than closing a group takes: who has not looked for so long has lost the election. */
const LOCK_MS = 10_000;
const MAX_BUCKETS = 500;
/** A round takes no longer, but for the group in hand: the lock is renewed between rounds. */
const ROUND_MS = 3_000;

const made = new Counter({
  name: 'herald_digests_total',
  help: 'Digests made.',
  registers: [metricsRegistry],
});
const collected = new Counter({
  name: 'herald_digest_items_total',
  help: 'What was collected in the digests made.',
  registers: [metricsRegistry],
});

/** What cannot be closed together is closed one by one: a bucket that fails keeps no other from its digest. */
async function closeGroup(
  stores: Parameters<typeof closeBuckets>[0],
  group: readonly DigestBucketRecord[],
  now: Date,
  log: Logger,
): Promise<readonly NotificationRecord[]> {
  const ids = group.map(({ _id }) => _id);
  try {
    const records = await closeBuckets(stores, ids, now);
    made.inc(records.length);
    for (const { data } of records) collected.inc(Number(data?.count ?? 0));
    return records;
  } catch (error) {
    if (error instanceof TurnLostError || isDataServiceError(error)) throw error;
    log.error({ err: error, digests: ids }, 'digests: not made; trying again');
    if (group.length === 1) return [];
    const alone: NotificationRecord[] = [];
    for (const bucket of group) alone.push(...(await closeGroup(stores, [bucket], now, log)));
    return alone;
  }
}

export interface DigestsRunning {
  /** Waits for the round in hand. */
  close(): Promise<void>;
}

export interface DigestLoopDeps {
  readonly connection: Connection;
  readonly models: NotificationModels;
  readonly redis: Redis;
  readonly names: RedisNames;
  readonly events: EventLog;
  readonly queues: DispatchQueues;
  /** Ids in one job. */
  readonly chunkSize: number;
  readonly log: Logger;
  readonly lookMs?: number;
}

export function startDigests(deps: DigestLoopDeps): DigestsRunning {
  const { connection, models, queues, events, chunkSize, log } = deps;
  const lock = new FencedLock(
    new RedisLock(deps.redis, deps.names.lock('digests'), LOCK_MS),
    connection,
    'digests',
  );
  const enqueuer = new PlanEnqueuer(queues, events, log, chunkSize);
  const round = async (): Promise<boolean> => {
    const stores = { connection, models, guard: lock.guard() };
    const now = sharedDate();
    const end = performance.now() + ROUND_MS;
    const due = await dueBuckets(stores, now, MAX_BUCKETS);
    for (const group of due) {
      if (performance.now() > end) return true;
      // What Redis does not take, the sweeper finds.
      enqueuer.accepted(await closeGroup(stores, group, now, log));
    }
    const closed = await closedBuckets(stores, MAX_BUCKETS);
    for (const group of closed) {
      if (performance.now() > end) return true;
      await deleteClosed(
        stores,
        group.map(({ _id }) => _id),
      );
    }
    return due.flat().length === MAX_BUCKETS || closed.flat().length === MAX_BUCKETS;
  };
  const loop = new ElectedLoop({ name: 'digests', lock, idleMs: deps.lookMs ?? LOOK_MS, round, log });
  loop.start();
  return {
    async close() {
      await loop.close();
      await enqueuer.close();
    },
  };
}
