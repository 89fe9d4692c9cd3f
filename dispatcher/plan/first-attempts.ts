/**
 * First attempts before the plan is stored. Where a notification's messages can go out at once, it is claimed, they
 * are sent, and plan and outcomes are stored in one write: a fast provider costs two updates and an insert less
 * for each message, and no second queue. What takes longer than a moment is stored as claimed by its sender, which goes on with it.
 * After a crash the claim runs out and the notification is planned again: its deliveries have the same ids, so
 * that the attempts that were in flight are repeated with the same idempotency keys.
 */
import { randomUUID } from 'node:crypto';
import { Batcher } from '../../platform/batching/batcher.ts';
import { sharedDate, sharedNow } from '../../platform/clock/shared-clock.ts';
import type { Channel, Priority } from '../../platform/graphql/contract-enums.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import {
  type BegunAttempt,
  type DeliveryRecord,
  deliveryOfPlan,
  type Outbox,
  type PlannedDelivery,
  type PlanPage,
} from '../../subgraphs/notifications/index.ts';

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
const CLAIM_MS = 5_000;
/** Notifications with more deliveries are stored first: the group of a notification must not wait for one. */
const MAX_DELIVERIES = 10;
/** Notifications in hand at once; more wait in their queue. */
const MAX_IN_HAND = 1_500;
const MAX_GROUP = 300;

export class FirstAttempts {
  readonly #outbox: Outbox;
  readonly #beginners: Beginners;
  readonly #log: Logger;
  readonly #store: Batcher<PlanPage, boolean>;
  readonly #inHand = new Set<Promise<void>>();

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
        const stored = await deps.store(pages);
        return pages.map((page) => ({ ok: true, value: stored.has(page.notification._id) }));
      },
      { maxGroup: MAX_GROUP },
    );
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
    let inHand = this.#inHand.size;
    const chosen = new Set<PlanPage>();
    for (const page of pages) {
      if (inHand >= MAX_IN_HAND) break;
      if (!mayBegin(page)) continue;
      const { priority } = page.notification;
      if (!page.deliveries.filter(isAttempted).every((d) => roomFor(d.channel, priority) > 0)) continue;
      chosen.add(page);
      inHand++;
    }
    return chosen;
  }

  /**
   * Claims the notifications of `pages` and begins their attempts. Storing goes on in the background: a crash
   * before it costs time and a repeat, never a message.
   * @throws what the store throws; nothing has begun then.
   */
  async run(pages: readonly PlanPage[]): Promise<void> {
    if (pages.length === 0) return;
    const claim = randomUUID();
    const begunAt = performance.now();
    const held = await this.#outbox.claimPlans(
      pages.map((page) => page.notification._id),
      claim,
      new Date(sharedNow() + CLAIM_MS),
    );
    // This process may have stood still (suspended, or a long pause) since it claimed: others may hold it now.
    if (performance.now() - begunAt > CLAIM_MS / 2) return;
    for (const page of pages) {
      if (!held.has(page.notification._id)) continue;
      // Claiming may take its time: what has expired meanwhile ends when the claim has run out.
      if (page.notification.expiresAt && page.notification.expiresAt.getTime() <= sharedNow()) continue;
      const work = this.#attempt({ ...page, claim }).catch((error: unknown) => {
        const { notification } = page;
        this.#log.error(
          { err: error, notification: notification._id },
          'outcomes not stored: planned again when the claim runs out',
        );
      });
      this.#inHand.add(work);
      void work.then(() => this.#inHand.delete(work));
    }
  }

  /** Waits for everything in hand, once no more comes. */
  async close(): Promise<void> {
    while (this.#inHand.size > 0) await Promise.all(this.#inHand);
  }

  async #attempt(page: PlanPage): Promise<void> {
    const now = sharedDate();
    const sole = page.deliveries.length === 1;
    const attempts = page.deliveries.map((planned) =>
      isAttempted(planned)
        ? this.#beginners.begin(deliveryOfPlan(page.notification, planned, { sole, now }))
        : undefined,
    );
    const ended = new Map<number, BegunAttempt>();
    await withinMoment(
      attempts.map(async (attempt, index) => {
        if (attempt) ended.set(index, { kind: 'ended', outcome: await attempt.outcome });
      }),
    );
    let tell: (stored: boolean) => void = () => undefined;
    const stored = new Promise<boolean>((resolve) => {
      tell = resolve;
    });
    const deliveries = page.deliveries.map((planned, index): PlannedDelivery => {
      const begun = ended.get(index) ?? attempts[index]?.leave(stored);
      return begun ? { ...planned, begun } : planned;
    });
    try {
      tell(await this.#store.submit({ ...page, deliveries }));
    } catch (error) {
      tell(false);
      throw error;
    }
  }
}

const isAttempted = ({ channel, skipReason, renderError }: PlannedDelivery): boolean =>
  channel !== 'IN_APP' && skipReason === undefined && renderError === undefined;

/** A whole plan of few deliveries, of which nothing was begun before. Pure. */
const mayBegin = ({ notification, nextCursor, deliveries }: PlanPage): boolean =>
  nextCursor === undefined &&
  notification.planCursor === undefined &&
  notification.claims === undefined &&
  notification.tries === undefined &&
  deliveries.length <= MAX_DELIVERIES &&
  deliveries.some(isAttempted);

async function withinMoment(work: readonly Promise<void>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const moment = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, WAIT_MS);
  });
  try {
    await Promise.race([Promise.all(work), moment]);
  } finally {
    clearTimeout(timer);
  }
}
