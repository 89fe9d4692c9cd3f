/** The steps of the outbox, as workers and sweepers run them. */
import type { Channel, Priority } from '../../../platform/graphql/contract-enums.ts';
import type { QueuedDelivery } from '../../../platform/queues/enqueue-sends.ts';
import type { Guard } from '../../../platform/storage/fenced-lock.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord, PlanLane } from '../records/notification-record.ts';
import type { AttemptOutcome, Deferral } from './attempt-outcome.ts';
import type { PlanPage } from './plan-page.ts';

/** What shares one send queue. */
export interface Lane {
  readonly channel: Channel;
  readonly priority: Priority;
}

/** One round of a sweep. */
export interface SweepRound {
  /** What was due before it is found. */
  readonly now: Date;
  /**
   * What waits in a queue is found only when it was due before this: before the oldest job that the queue holds, or it
   * is most likely still in there. `now` without.
   */
  readonly queuedBefore?: Date;
  /** When it is looked at again. */
  readonly nextLook: Date;
  /** Most documents. */
  readonly limit: number;
  /** Stops the writes of a sweeper that is no longer the elected one. */
  readonly guard?: Guard;
}

/** The steps of the outbox that workers run. Every step may run twice: the second run changes nothing. */
export interface Outbox {
  /** Notifications of `ids` that are due and not planned. Those past their expiry become EXPIRED instead. */
  duePlans(ids: readonly string[], now: Date): Promise<NotificationRecord[]>;
  /**
   * Claims notifications for one worker that begins their first attempts before it stores their plan, so that
   * plan and outcomes are one write. Returns those it got. A claim that runs out is ended by the sweeper.
   */
  claimPlans(ids: readonly string[], claim: string, leaseUntil: Date): Promise<ReadonlySet<string>>;
  /** Counts that the planning of these notifications begins. */
  countTries(ids: readonly string[]): Promise<void>;
  /**
   * Stores pages of plans: deliveries, in-app messages and the notification's progress in one transaction;
   * then tells live inboxes. Pages whose notification has moved on meanwhile (cancelled, planned by another
   * worker) are dropped. Returns what must be queued for sending, and which pages were stored.
   */
  storePlans(
    pages: readonly PlanPage[],
    now: Date,
  ): Promise<{ queued: QueuedDelivery[]; stored: ReadonlySet<string> }>;
  /** Deliveries by id, for planning a replay; those that are not there are left out. */
  originals(ids: readonly string[]): Promise<DeliveryRecord[]>;
  /** Claims deliveries for one worker until `leaseUntil`; those past their expiry become EXPIRED, cancelled ones CANCELED. */
  claim(
    ids: readonly string[],
    attempt: number,
    fence: string,
    now: Date,
    leaseUntil: Date,
  ): Promise<DeliveryRecord[]>;
  /** Keeps what a worker holds until `leaseUntil`, where its fence still holds. */
  renew(ids: readonly string[], fence: string, leaseUntil: Date): Promise<void>;
  /** Writes outcomes where the fence still holds, completes notifications, moves fallback chains on; returns what to queue. */
  record(outcomes: readonly AttemptOutcome[], fence: string): Promise<QueuedDelivery[]>;
  /** Gives claimed deliveries back untried, where the fence still holds. The sweeper brings them back when due. */
  defer(deferrals: readonly Deferral[], fence: string): Promise<void>;
  /** Puts off deliveries that nobody has claimed: they are due at `until`. The sweeper brings them back. */
  postpone(ids: readonly string[], attempt: number, until: Date): Promise<void>;
  /**
   * What is due and may be in no queue; moves its next look to `nextLook`. Ends claims that have run out.
   * @throws TurnLostError, and changes nothing more, when the guard says that another sweeper was elected.
   */
  sweepPlans(lane: PlanLane, round: SweepRound): Promise<{ id: string; priority: Priority }[]>;
  sweepDeliveries(lane: Lane, round: SweepRound): Promise<QueuedDelivery[]>;
}
