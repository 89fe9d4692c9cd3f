/** Gives back deliveries untried, to come again later: the provider is paused or has no room, or the process ends. */
import { Batcher, type BatchResult } from '../../platform/batching/batcher.ts';
import { sharedDate, sharedNow } from '../../platform/clock/shared-clock.ts';
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import type { QueuedDelivery } from '../../platform/queues/enqueue-sends.ts';
import type { DeliveryRecord, Outbox } from '../../subgraphs/notifications/index.ts';
import type { ProviderChannel } from '../channels/contract.ts';
import { type DeferReason, deferredTotal } from '../flow/flow-metrics.ts';
import { comesBackAt } from '../flow/provider-flow.ts';
import type { Enqueue } from '../plan/planner.ts';

const MAX_GROUP = 200;

/** A delivery of a job. */
export interface JobDelivery {
  readonly id: string;
  /** Attempts made. */
  readonly attempt: number;
  readonly priority: Priority;
}

/** For how long, and why. */
export interface Postponement {
  readonly waitMs: number;
  readonly why: DeferReason;
}

export class PutOff {
  readonly #channel: ProviderChannel;
  readonly #outbox: Outbox;
  readonly #fence: string;
  readonly #enqueue: Enqueue;
  readonly #unclaimed: Batcher<QueuedDelivery, true>;
  readonly #claimed: Batcher<QueuedDelivery, true>;

  /** @param deps.fence under which claimed ones are held. */
  constructor(deps: { channel: ProviderChannel; outbox: Outbox; fence: string; enqueue: Enqueue }) {
    this.#channel = deps.channel;
    this.#outbox = deps.outbox;
    this.#fence = deps.fence;
    this.#enqueue = deps.enqueue;
    this.#unclaimed = new Batcher((those) => this.#postpone(those), { maxGroup: MAX_GROUP });
    this.#claimed = new Batcher((those) => this.#defer(those), { maxGroup: MAX_GROUP });
  }

  /** One that nobody has claimed. @throws what the store throws: then it stays as it is. */
  async unclaimed(delivery: JobDelivery, postponement: Postponement): Promise<void> {
    const nextAttemptAt = this.#until(postponement, undefined);
    await this.#unclaimed.submit({ ...delivery, channel: this.#channel, nextAttemptAt });
  }

  /** One that is held here. @throws what the store throws: then its claim runs out. */
  async claimed(delivery: DeliveryRecord, postponement: Postponement): Promise<void> {
    const { _id: id, attempt, priority, expiresAt } = delivery;
    const nextAttemptAt = this.#until(postponement, expiresAt);
    await this.#claimed.submit({ id, attempt, priority, channel: this.#channel, nextAttemptAt });
  }

  #until({ waitMs, why }: Postponement, expiresAt: Date | undefined): Date {
    deferredTotal.inc({ channel: this.#channel, reason: why });
    if (why === 'closing' || why === 'expired') return sharedDate();
    return comesBackAt(sharedNow(), waitMs, Math.random(), expiresAt);
  }

  async #postpone(those: readonly QueuedDelivery[]): Promise<BatchResult<true>[]> {
    const now = sharedNow();
    const alike = Map.groupBy(those, (d) => `${d.attempt}|${d.nextAttemptAt.getTime()}`);
    for (const own of alike.values()) {
      const [first] = own;
      // What is due is only queued again: another process takes it at once.
      if (first && first.nextAttemptAt.getTime() > now)
        await this.#outbox.postpone(
          own.map(({ id }) => id),
          first.attempt,
          first.nextAttemptAt,
        );
    }
    return this.#queueAgain(those, now);
  }

  async #defer(those: readonly QueuedDelivery[]): Promise<BatchResult<true>[]> {
    const now = sharedNow();
    await this.#outbox.defer(
      those.map(({ id, nextAttemptAt }) => ({ delivery: id, until: nextAttemptAt })),
      this.#fence,
    );
    return this.#queueAgain(those, now);
  }

  /** What waits, the sweeper brings back: a job for each would be many. What is urgent does not wait for its round. */
  async #queueAgain(those: readonly QueuedDelivery[], now: number): Promise<BatchResult<true>[]> {
    await this.#enqueue(those.filter((d) => d.priority === 'HIGH' || d.nextAttemptAt.getTime() <= now));
    return those.map(() => ({ ok: true, value: true }));
  }
}
