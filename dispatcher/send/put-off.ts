/** Gives back deliveries untried, to come again later: the provider is paused or has no room, or the process ends. */
import { Batcher, type BatchResult } from '../../platform/batching/batcher.ts';
import { sharedDate, sharedNow } from '../../platform/clock/shared-clock.ts';
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import type { QueuedDelivery } from '../../platform/queues/enqueue-sends.ts';
import type { DeliveryRecord, Outbox } from '../../subgraphs/notifications/index.ts';
import { LONGEST_TURN_MS } from '../accounts/account-room.ts';
import type { ProviderChannel } from '../channels/contract.ts';
import { MAX_PAUSE_MS } from '../flow/circuit.ts';
import { type DeferReason, deferredTotal } from '../flow/flow-metrics.ts';
import { comesBackAt } from '../flow/provider-flow.ts';
import type { Enqueue } from '../plan/planner.ts';

const MAX_GROUP = 200;
/** The longest pause of a circuit, and what it is spread by. */
const SOON_MS = MAX_PAUSE_MS + 5_000;
/**
 * What waits for its account's hours or for the next day's quota looks again so often: an operator may have changed them,
 * or made another account.
 */
const LOOK_AGAIN_MS = 3_600_000;
/** Those that found no room have a turn of their own up to here; behind it are many at the same moment. */
const TURN_MS = LONGEST_TURN_MS - 1;

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

interface PutOffDelivery extends QueuedDelivery {
  readonly why: DeferReason;
}

export class PutOff {
  readonly #channel: ProviderChannel;
  readonly #outbox: Outbox;
  readonly #fence: string;
  readonly #enqueue: Enqueue;
  readonly #unclaimed: Batcher<PutOffDelivery, true>;
  readonly #claimed: Batcher<PutOffDelivery, true>;

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
    const { why } = postponement;
    await this.#unclaimed.submit({ ...delivery, channel: this.#channel, nextAttemptAt, why });
  }

  /** One that is held here. @throws what the store throws: then its claim runs out. */
  async claimed(delivery: DeliveryRecord, postponement: Postponement): Promise<void> {
    const { _id: id, attempt, priority, expiresAt } = delivery;
    const nextAttemptAt = this.#until(postponement, expiresAt);
    const { why } = postponement;
    await this.#claimed.submit({ id, attempt, priority, channel: this.#channel, nextAttemptAt, why });
  }

  #until({ waitMs, why }: Postponement, expiresAt: Date | undefined): Date {
    deferredTotal.inc({ channel: this.#channel, reason: why });
    if (why === 'closing' || why === 'expired') return sharedDate();
    const mostMs = why === 'hours' || why === 'quota' ? LOOK_AGAIN_MS : waitMs;
    return comesBackAt(sharedNow(), Math.min(waitMs, mostMs), Math.random(), expiresAt);
  }

  async #postpone(those: readonly PutOffDelivery[]): Promise<BatchResult<true>[]> {
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

  async #defer(those: readonly PutOffDelivery[]): Promise<BatchResult<true>[]> {
    const now = sharedNow();
    await this.#outbox.defer(
      those.map(({ id, nextAttemptAt }) => ({ delivery: id, until: nextAttemptAt })),
      this.#fence,
    );
    return this.#queueAgain(those, now);
  }

  /** A job that is lost with Redis costs nothing but time: the sweeper finds what is due. */
  async #queueAgain(those: readonly PutOffDelivery[], now: number): Promise<BatchResult<true>[]> {
    await this.#enqueue(
      those.filter((delivery) => isQueued(delivery, now)).map(({ why: _, ...queued }) => queued),
    );
    return those.map(() => ({ ok: true, value: true }));
  }
}

/**
 * Whether it waits in its queue, in a job for all that are due at the same moment: what is urgent, or due, and what
 * knows when it can go on, if that is soon. The sweeper brings back what waits for longer.
 */
function isQueued({ priority, why, nextAttemptAt }: PutOffDelivery, now: number): boolean {
  const waitMs = nextAttemptAt.getTime() - now;
  return priority === 'HIGH' || waitMs <= 0 || waitMs <= (why === 'busy' ? TURN_MS : SOON_MS);
}
