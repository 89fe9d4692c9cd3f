/** Moves fallback chains on after something has changed, tells of it, and completes what ended with it. */
import type { Connection } from 'mongoose';
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { enqueueSends } from '../../../platform/queues/enqueue-sends.ts';
import type { DispatchQueues } from '../../../platform/queues/queues.ts';
import { completeFinished, sharedOf } from '../outbox/completion.ts';
import { queuedSoon } from '../outbox/queue-soon.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { leadsChain, moveChains } from './move-chains.ts';

export interface ChainFollowerDeps {
  readonly connection: Connection;
  readonly models: NotificationModels;
  readonly events: EventLog;
  /** Where what becomes due goes at once. */
  readonly queues: DispatchQueues;
  readonly log: Logger;
}

/** Ids in one job: few chains move at the same moment. */
const CHUNK = 50;

export class ChainFollower {
  readonly #deps: ChainFollowerDeps;

  constructor(deps: ChainFollowerDeps) {
    this.#deps = deps;
  }

  /**
   * @param touched deliveries that have come to something. Costs nothing where none of them leads a chain. Never throws:
   * what is held back looks for itself when its time comes.
   */
  async follow(touched: readonly Pick<DeliveryRecord, 'chain'>[]): Promise<void> {
    if (!touched.some(leadsChain)) return;
    const { connection, models, events, log } = this.#deps;
    try {
      const now = sharedDate();
      const moved = await moveChains(connection, models, touched, now);
      void events.append(moved.events);
      await this.queue(moved.timed, now);
      const ended = sharedOf(moved.skipped);
      if (ended.length > 0) void events.append(await completeFinished(connection, models, ended, now));
    } catch (error) {
      log.warn({ err: error }, 'fallback chains not moved on: left to their own time');
    }
  }

  /** Queues those that are due, or soon. Never throws: what Redis does not take, the sweeper brings. */
  async queue(deliveries: readonly DeliveryRecord[], now: Date): Promise<void> {
    const soon = deliveries.flatMap((delivery) => queuedSoon(delivery, now));
    if (soon.length === 0) return;
    try {
      await enqueueSends(this.#deps.queues, soon, CHUNK);
    } catch (error) {
      this.#deps.log.warn({ err: error, deliveries: soon.length }, 'steps not queued: left to the sweeper');
    }
  }
}
