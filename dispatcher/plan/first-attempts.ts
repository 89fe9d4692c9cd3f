/**
 * First attempts before the plan is stored. Where a notification's messages can go out at once, they are sent, and
 * plan and outcomes are stored in one write: that costs three updates and an insert less for each message, and no
 * second queue. What takes longer than a moment is stored as claimed by its sender, which goes on with it.
 *
 * A notification that the sweeper has never looked at is in the hands of whoever has its queue job, and of nobody
 * else, for a while after the job was taken; one whose time is short, or that was looked at, is claimed first. What
 * the sweeper has taken meanwhile is not stored. After a crash the notification is planned again: its deliveries have the same ids, so that the attempts
 * that were in flight are repeated with the same idempotency keys.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Batcher } from '../../platform/batching/batcher.ts';
import { sharedDate, sharedNow } from '../../platform/clock/shared-clock.ts';
import type { Channel, Priority } from '../../platform/graphql/contract-enums.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { outlastOutage } from '../../platform/storage/outlast-outage.ts';
import {
  type BegunAttempt,
  type DeliveryRecord,
  deliveryOfPlan,
  type NotificationRecord,
  type Outbox,
  type PlannedDelivery,
  type PlanPage,
} from '../../subgraphs/notifications/index.ts';
import type { TakenJob } from '../taken-job.ts';

/** An attempt under way. */
export interface Begun {
  readonly outcome: Promise<Extract<BegunAttempt, { kind: 'ended' }>['outcome']>;
  /**
   * Leaves the attempt to its sender: it keeps the claim, and records the outcome once `stored` has come true.
   * @returns the claim under which the delivery is to be stored.
   */
  leave(stored: Promise<boolean>): Extract<BegunAttempt, { kind: 'underWay' }>;
}

/** What makes attempts: the senders. */
export interface Beginners {
  /** How many attempts could begin at once now. */
  room(channel: Channel, priority: Priority): number;
  /** Begins an attempt at a delivery that is not stored yet; its notification is the caller's. */
  begin(delivery: DeliveryRecord): Begun;
}

/** So long the plan waits for the outcomes of its attempts before it is stored without them. */
const WAIT_MS = 40;
/** A claim of a notification; well above `WAIT_MS` and the time of storing. */
const CLAIM_MS = 6_000;
/** With less than this left of the job's while, a notification is claimed. Above `WAIT_MS` and the time of storing, too. */
const CLEAR_MS = 4_000;
/**
 * A job that came to its queue so shortly before the sweeper's first look, or after it, may be overlooked by it. More
 * than the clocks of three processes may differ.
 */
const QUEUED_LATE_MS = 1_000;
/** An attempt begins only while its notification is surely ours for so long. */
const MARGIN_MS = 1_000;
/** Notifications with more deliveries are stored first: the group of a notification must not wait for one. */
const MAX_DELIVERIES = 10;
/** With so many notifications in hand, planning waits: storing them is what takes the time then. */
const MAX_IN_HAND = 900;
const MAX_GROUP = 300;

export class FirstAttempts {
  readonly #outbox: Outbox;
  readonly #beginners: Beginners;
  readonly #log: Logger;
  readonly #store: Batcher<PlanPage, boolean>;
  /** By notification: a second job for one of them must not send it again. */
  readonly #inHand = new Map<string, Promise<void>>();

  /** @param store stores pages; answers for each whether it was stored. */
  constructor(deps: {
    outbox: Outbox;
    beginners: Beginners;
    store: (pages: readonly PlanPage[]) => Promise<ReadonlySet<string>>;
    log: Logger;
  }) {
    this.#outbox = deps.outbox;
    this.#beginners = deps.beginners;
    this.#log = deps.log;
    this.#store = new Batcher(
      async (pages) => {
        // While MongoDB is away nobody else can take the notifications, either.
        const stored = await outlastOutage(() => deps.store(pages));
        return pages.map((page) => ({ ok: true, value: stored.has(page.notification._id) }));
      },
      { maxGroup: MAX_GROUP, maxInFlight: 2 },
    );
  }

  /** Waits until more can be taken in hand. */
  async ready(): Promise<void> {
    while (this.#inHand.size >= MAX_IN_HAND) await Promise.race(this.#inHand.values());
  }

  /** Those of `pages` whose messages can go out at once. They must then be given to `run`. */
  chosenFrom(pages: readonly PlanPage[]): ReadonlySet<PlanPage> {
    const left = new Map<string, number>();
    const roomFor = (channel: Channel, priority: Priority): number => {
      const key = `${channel}|${priority}`;
      const room = left.get(key) ?? this.#beginners.room(channel, priority);
      left.set(key, room - 1);
      return room;
    };
    const chosen = new Set<PlanPage>();
    for (const page of pages) {
      if (!mayBegin(page)) continue;
      const { priority } = page.notification;
      if (!page.deliveries.filter(isAttempted).every((d) => roomFor(d.channel, priority) > 0)) continue;
      chosen.add(page);
    }
    return chosen;
  }

  /**
   * Begins the attempts of `pages`; claims the notifications that need it. `jobs`: where they come from, by id. Storing goes on in the background: a
   * crash before it costs time and a repeat, never a message.
   * @throws what the store throws; of those that had to be claimed nothing has begun then.
   */
  async run(pages: readonly PlanPage[], jobs: ReadonlyMap<string, TakenJob>): Promise<void> {
    const now = sharedNow();
    const unclear: PlanPage[] = [];
    const moment = sleep(WAIT_MS);
    for (const page of pages) {
      const job = jobs.get(page.notification._id);
      if (job && isClear(page.notification, job, now))
        this.#begin({ ...page, beforeFirstLook: true }, job.heldUntil, moment);
      else unclear.push(page);
    }
    await this.#claimAndBegin(unclear);
  }

  async #claimAndBegin(pages: readonly PlanPage[]): Promise<void> {
    if (pages.length === 0) return;
    const claim = randomUUID();
    const until = sharedNow() + CLAIM_MS;
    const ids = pages.map((page) => page.notification._id);
    const held = await this.#outbox.claimPlans(ids, claim, new Date(until));
    const moment = sleep(WAIT_MS);
    for (const page of pages)
      if (held.has(page.notification._id)) this.#begin({ ...page, claim }, until, moment);
  }

  /**
   * @param until when somebody else may have the notification. Past it (this process stood still) nothing begins.
   * @param moment ends when outcomes are no longer waited for; one for a group, timers are not free.
   */
  #begin(page: PlanPage, until: number, moment: Promise<unknown>): void {
    const { _id, expiresAt } = page.notification;
    const now = sharedNow();
    if (this.#inHand.has(_id) || now > until - MARGIN_MS) return;
    // What has expired meanwhile ends when the sweeper looks at it.
    if (expiresAt && expiresAt.getTime() <= now) return;
    const work = this.#attempt(page, moment).catch((error: unknown) => {
      this.#log.error(
        { err: error, notification: _id },
        'outcomes not stored: planned again when the claim runs out',
      );
    });
    this.#inHand.set(_id, work);
    void work.then(() => this.#inHand.delete(_id));
  }

  /** Waits for everything in hand, once no more comes. */
  async close(): Promise<void> {
    while (this.#inHand.size > 0) await Promise.all(this.#inHand.values());
  }

  async #attempt(page: PlanPage, moment: Promise<unknown>): Promise<void> {
    const now = sharedDate();
    const sole = page.deliveries.length === 1;
    const attempts = page.deliveries.map((planned) => {
      if (!isAttempted(planned)) return undefined;
      const delivery = deliveryOfPlan(page.notification, planned, { sole, now });
      return { id: delivery._id, ...this.#beginners.begin(delivery) };
    });
    const ended = new Map<number, BegunAttempt>();
    const all = Promise.all(
      attempts.map(async (attempt, index) => {
        if (attempt) ended.set(index, { kind: 'ended', outcome: await attempt.outcome });
      }),
    );
    await Promise.race([all, moment]);
    let tell: (stored: boolean) => void = () => undefined;
    const stored = new Promise<boolean>((resolve) => {
      tell = resolve;
    });
    const deliveries = page.deliveries.map((planned, index): PlannedDelivery => {
      const begun = ended.get(index) ?? attempts[index]?.leave(stored);
      const id = attempts[index]?.id;
      return begun && id !== undefined ? { ...planned, id, begun } : planned;
    });
    try {
      tell(await this.#store.submit({ ...page, deliveries }));
    } catch (error) {
      tell(false);
      throw error;
    }
  }
}

const isAttempted = ({ channel, skipReason, renderError, chain, held }: PlannedDelivery): boolean =>
  channel !== 'IN_APP' &&
  skipReason === undefined &&
  renderError === undefined &&
  chain?.waits !== true &&
  !held;

/** A whole plan of few deliveries, of which nothing was begun before. Pure. */
const mayBegin = ({ notification, nextCursor, deliveries }: PlanPage): boolean =>
  nextCursor === undefined &&
  notification.planCursor === undefined &&
  notification.claims === undefined &&
  notification.tries === undefined &&
  deliveries.length <= MAX_DELIVERIES &&
  deliveries.some(isAttempted);

/**
 * Nobody but the holder of its job can have it: it was never looked at, and will not be for a while. Not where the
 * job waited for a time that the sweeper waits for, too. Pure.
 */
const isClear = (
  { looks, claims, tries, state, nextAttemptAt }: NotificationRecord,
  job: TakenJob,
  now: number,
): boolean =>
  looks === undefined &&
  claims === undefined &&
  tries === undefined &&
  state === 'ACCEPTED' &&
  nextAttemptAt !== null &&
  nextAttemptAt.getTime() - job.queuedAt > QUEUED_LATE_MS &&
  job.heldUntil - now > CLEAR_MS;
