/**
 * Puts accepted notifications into the plan queues, after they are durable and without making their callers
 * wait: while one round trip to Redis is under way the next ids collect. What Redis does not take stays in
 * MongoDB, where the sweeper finds it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sharedNow } from '../../../platform/clock/shared-clock.ts';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import type { HeraldEvent } from '../../../platform/event-log/events.ts';
import { PRIORITIES } from '../../../platform/graphql/contract-enums.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { Outage } from '../../../platform/logging/outage.ts';
import { chunked, type DispatchQueues } from '../../../platform/queues/queues.ts';
import type { NotificationRecord } from '../records/notification-record.ts';

/** Delays longer than this are left to the sweeper alone: Redis is no calendar. */
const MAX_QUEUE_DELAY_MS = 24 * 3600_000;
const MAX_WAITING = 200_000;
const MAX_GROUP = 5_000;
/** From the beginning of a group to that of the next: each costs this process and Redis more than what is in it. */
const GAP_MS = 3;

export class PlanEnqueuer {
  readonly #queues: DispatchQueues;
  readonly #events: EventLog;
  readonly #chunkSize: number;
  readonly #outage: Outage;
  readonly #overflow: Outage;
  #waiting: NotificationRecord[] = [];
  #running: Promise<void> | undefined;

  constructor(queues: DispatchQueues, events: EventLog, log: Logger, chunkSize: number) {
    this.#queues = queues;
    this.#events = events;
    this.#chunkSize = chunkSize;
    this.#outage = new Outage(log, 'notifications are not queued: left to the sweeper');
    this.#overflow = new Outage(log, 'the queues do not keep up: left to the sweeper');
  }

  /** Queues them soon. Returns at once; a failure is logged and mended by the sweeper. */
  accepted(records: readonly NotificationRecord[]): void {
    if (records.length === 0) return;
    if (this.#waiting.length > MAX_WAITING) {
      this.#overflow.failed(new Error(`${this.#waiting.length} wait`), records.length);
      return;
    }
    this.#overflow.worked();
    for (const record of records) this.#waiting.push(record);
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    await this.#running;
  }

  /** While one round trip is under way, the next group collects. */
  async #run(): Promise<void> {
    // What is accepted in the same turn goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, MAX_GROUP);
      const startedAt = performance.now();
      try {
        await this.#add(group);
        this.#outage.worked();
      } catch (error) {
        this.#outage.failed(error, group.length);
      }
      const tookMs = performance.now() - startedAt;
      // Under load a rest as long as the work: larger groups then, and more of them is accepted meanwhile.
      const leftMs = Math.max(GAP_MS - tookMs, tookMs);
      if (leftMs > 0.5) await sleep(leftMs);
    }
    this.#running = undefined;
  }

  async #add(records: readonly NotificationRecord[]): Promise<void> {
    const now = sharedNow();
    const additions: Promise<void>[] = [];
    for (const priority of PRIORITIES) {
      const own = records.filter((r) => r.priority === priority);
      if (own.length === 0) continue;
      const ready = own.filter((r) => r.dueAt.getTime() <= now).map((r) => r._id);
      const later = own.filter(
        (r) => r.dueAt.getTime() > now && r.dueAt.getTime() - now <= MAX_QUEUE_DELAY_MS,
      );
      const jobs = [
        ...chunked(ready, this.#chunkSize).map((ids) => ({ ids })),
        ...later.map((r) => ({ ids: [r._id], delayMs: r.dueAt.getTime() - now })),
      ];
      if (jobs.length > 0) additions.push(this.#queues.addPlans(priority, jobs));
    }
    void this.#events.append(records.map(acceptedEvent));
    await Promise.all(additions);
  }
}

const acceptedEvent = (record: NotificationRecord): HeraldEvent => ({
  v: 1,
  type: 'notification.accepted',
  workspace: record.workspace,
  app: record.app,
  notification: record._id,
  at: record.createdAt.getTime(),
  state: record.state,
  priority: record.priority,
  ...(record.event !== undefined && { event: record.event }),
  ...(record.template !== undefined && { template: record.template }),
});
