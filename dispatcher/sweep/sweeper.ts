/**
 * The sweeper: re-queues what is due and may be in no queue (its job was lost with Redis, its worker died, it
 * was scheduled for now). One at a time by a Redis lock; two at once would only queue the same jobs twice.
 */
import { CHANNELS, PRIORITIES } from '../../platform/graphql/contract-enums.ts';
import { ElectedLoop } from '../../platform/lifecycle/elected-loop.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { enqueueSends, type QueuedDelivery } from '../../platform/queues/enqueue-sends.ts';
import { chunked, type DispatchQueues } from '../../platform/queues/queues.ts';
import type { RedisLock } from '../../platform/storage/redis-lock.ts';
import type { Outbox } from '../../subgraphs/notifications/index.ts';

/** What was re-queued is looked at again after this time. */
const LOOK_AGAIN_MS = 30_000;
const LIMIT = 5_000;
/** With so many jobs waiting, what is due is most likely among them: it is left there. */
const BUSY_QUEUE = 200;

export interface SweepResult {
  readonly notifications: number;
  readonly deliveries: number;
}

export class Sweeper {
  readonly #outbox: Outbox;
  readonly #queues: DispatchQueues;
  readonly #chunkSize: number;
  readonly #log: Logger;
  readonly #loop: ElectedLoop;

  constructor(deps: {
    outbox: Outbox;
    queues: DispatchQueues;
    lock: RedisLock;
    chunkSize: number;
    intervalMs: number;
    log: Logger;
  }) {
    this.#outbox = deps.outbox;
    this.#queues = deps.queues;
    this.#chunkSize = deps.chunkSize;
    this.#log = deps.log;
    this.#loop = new ElectedLoop({
      name: 'sweeper',
      lock: deps.lock,
      idleMs: deps.intervalMs,
      round: async () => {
        const found = await this.sweep();
        if (found.notifications + found.deliveries > 0) this.#log.info(found, 'sweeper: re-queued');
        return false;
      },
      log: deps.log,
    });
  }

  start(): void {
    this.#loop.start();
  }

  close(): Promise<void> {
    return this.#loop.close();
  }

  /** One round. @throws what the store or Redis throws. */
  async sweep(now = new Date()): Promise<SweepResult> {
    const nextLook = new Date(now.getTime() + LOOK_AGAIN_MS);
    let notifications = 0;
    for (const priority of PRIORITIES) {
      if ((await this.#queues.waitingPlans(priority)) > BUSY_QUEUE) continue;
      const ids = await this.#outbox.sweepPlans(priority, now, nextLook, LIMIT);
      await this.#queues.addPlans(
        priority,
        chunked(ids, this.#chunkSize).map((chunk) => ({ ids: chunk })),
      );
      notifications += ids.length;
    }
    const deliveries = await this.#outbox.sweepDeliveries(now, nextLook, LIMIT);
    await enqueueSends(this.#queues, await this.#withoutBusyChannels(deliveries), this.#chunkSize);
    return { notifications, deliveries: deliveries.length };
  }

  async #withoutBusyChannels(deliveries: readonly QueuedDelivery[]): Promise<QueuedDelivery[]> {
    const busy = new Set<string>();
    for (const channel of CHANNELS)
      if (
        deliveries.some((d) => d.channel === channel) &&
        (await this.#queues.waitingSends(channel)) > BUSY_QUEUE
      )
        busy.add(channel);
    return deliveries.filter((d) => !busy.has(d.channel));
  }
}
