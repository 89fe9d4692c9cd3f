/** Moves fallback chains on after something has changed, tells of it, and completes what ended with it. */
import type { Connection } from 'mongoose';
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { QueuedDelivery } from '../../../platform/queues/enqueue-sends.ts';
import { completeFinished, sharedOf } from '../outbox/completion.ts';
import { queuedOf } from '../outbox/sweep.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { leadsChain, moveChains } from './move-chains.ts';

export interface ChainFollowerDeps {
  readonly connection: Connection;
  readonly models: NotificationModels;
  readonly events: EventLog;
  readonly log: Logger;
}

export class ChainFollower {
  readonly #deps: ChainFollowerDeps;

  constructor(deps: ChainFollowerDeps) {
    this.#deps = deps;
  }

  /**
   * @param touched deliveries that have come to something. Costs nothing where none of them leads a chain. Never throws:
   * what is held back looks for itself when its time comes.
   * @returns what is due now; where nobody queues it, the sweeper does.
   */
  async follow(touched: readonly Pick<DeliveryRecord, 'chain'>[]): Promise<QueuedDelivery[]> {
    if (!touched.some(leadsChain)) return [];
    const { connection, models, events, log } = this.#deps;
    try {
      const now = sharedDate();
      const moved = await moveChains(connection, models, touched, now);
      void events.append(moved.events);
      const ended = sharedOf(moved.skipped);
      if (ended.length > 0) void events.append(await completeFinished(connection, models, ended, now));
      return moved.due.map((delivery) => queuedOf(delivery, now));
    } catch (error) {
      log.warn({ err: error }, 'fallback chains not moved on: left to their own time');
      return [];
    }
  }
}
