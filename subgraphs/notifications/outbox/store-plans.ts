/**
 * Stores plans. One transaction moves the notifications on, inserts their deliveries and puts in-app messages
 * into the inboxes, and what is for a digest into its bucket, so that a plan is there once and whole, or not at all; and so an IN_APP delivery is
 * DELIVERED exactly when its message is in the inbox.
 */
import { randomUUID } from 'node:crypto';
import type { ClientSession, Connection } from 'mongoose';
import type { HeraldEvent } from '../../../platform/event-log/events.ts';
import { enterTallies } from '../../../platform/event-log/tally-ledger.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import { settleHeld } from '../chains/chain-rules.ts';
import { countDeadLetters } from '../dead-letters/dead-letter-metrics.ts';
import { failuresOfPlans, insertDeadLetters } from '../dead-letters/insert-dead-letters.ts';
import { collectItems } from '../digests/collect-items.ts';
import { insertMessages } from '../inbox/insert-messages.ts';
import { keepProviderMessages, type Taken } from '../receipts/provider-messages.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { InboxMessageRecord } from '../records/inbox-message-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { deliveryOfPlan } from './delivery-of-plan.ts';
import { type MovedPlan, moveOn, SomeMovedError } from './move-on.ts';
import { eventsOfPlans } from './plan-events.ts';
import type { PlanPage } from './plan-page.ts';

export interface StoredPlans {
  /** Ids of the notifications whose page was stored. */
  readonly stored: ReadonlySet<string>;
  readonly deliveries: readonly DeliveryRecord[];
  readonly messages: readonly InboxMessageRecord[];
  /** Unread count of each inbox after this step, by inbox key. */
  readonly unread: ReadonlyMap<string, number>;
  readonly events: readonly HeraldEvent[];
}

/** @throws what MongoDB throws; nothing is stored then. */
export async function storePlans(
  connection: Connection,
  models: NotificationModels,
  pages: readonly PlanPage[],
  now: Date,
): Promise<StoredPlans> {
  const plans = pages.map((page) => planOf(page, now));
  try {
    return await store(connection, models, plans, now, undefined);
  } catch (error) {
    // Seldom: a mark in every notification, to tell them apart afterwards, would be paid by all.
    if (error instanceof SomeMovedError) return await store(connection, models, plans, now, randomUUID());
    throw error;
  }
}

/** @param fence see `moveOn`. */
async function store(
  connection: Connection,
  models: NotificationModels,
  plans: readonly MovedPlan[],
  now: Date,
  fence: string | undefined,
): Promise<StoredPlans> {
  const result = await inTransaction(connection, async (session) => {
    const stored = await moveOn(models, plans, now, fence, session);
    const dropped = plans.filter(({ page }) => !stored.has(page.notification._id));
    const planned = await newDeliveries(models, plans, stored, session);
    const pages = plans.flatMap(({ page }) => (stored.has(page.notification._id) ? [page] : []));
    const deliveries = [
      ...(await collectItems(models, pages, planned, now, session)),
      ...(await begunAndCanceled(models, dropped, session)),
    ];
    if (deliveries.length > 0) await models.raw.deliveries.insertMany(deliveries, { session, ordered: true });
    await keepProviderMessages(models, takenOf(plans, deliveries), session);
    const failures = failuresOfPlans(deliveries);
    await insertDeadLetters(models, failures, session);
    const { messages, unread } = await insertMessages(models, deliveries, now, session);
    const events = eventsOfPlans(plans, stored, deliveries, now);
    await enterTallies(connection, events, session);
    return { stored, deliveries, failures, messages, unread, events };
  });
  countDeadLetters(result.failures);
  return result;
}

/** First attempts of the plans, as far as their deliveries are stored. */
function takenOf(plans: readonly MovedPlan[], stored: readonly DeliveryRecord[]): Taken[] {
  const taken = plans.flatMap(({ page }) =>
    page.deliveries.flatMap(({ id, begun }) =>
      begun?.kind === 'ended' && begun.outcome.result.kind === 'sent' && id !== undefined
        ? [{ id, ...begun.outcome }]
        : [],
    ),
  );
  if (taken.length === 0) return [];
  const ids = new Set(stored.map((delivery) => delivery._id));
  return taken.filter(({ id }) => ids.has(id));
}

/** A page with its deliveries as they are to be stored; one recipient on one channel is one delivery. */
function planOf(page: PlanPage, now: Date): MovedPlan {
  const whole = page.nextCursor === undefined && page.notification.planCursor === undefined;
  const byId = new Map<string, DeliveryRecord>();
  const sole = whole && page.deliveries.length === 1;
  for (const planned of page.deliveries) {
    const record = deliveryOfPlan(page.notification, planned, { sole, now });
    byId.set(record._id, record);
  }
  const deliveries = settleHeld([...byId.values()], now);
  const done = whole && deliveries.every((d) => d.state !== 'QUEUED' && d.state !== 'SENDING');
  return { page, deliveries, whole, done };
}

/** A user may be in several groups and segments: an earlier page may have had the same delivery, which counts once. */
async function newDeliveries(
  models: NotificationModels,
  plans: readonly MovedPlan[],
  stored: ReadonlySet<string>,
  session: ClientSession,
): Promise<DeliveryRecord[]> {
  const own = plans.filter(({ page }) => stored.has(page.notification._id));
  const paged = own.filter(({ whole }) => !whole).flatMap(({ deliveries }) => deliveries.map((d) => d._id));
  const known = new Set<string>();
  if (paged.length > 0)
    for (const { _id } of await models.raw.deliveries
      .find({ _id: { $in: paged } }, { session, projection: { _id: 1 } })
      .toArray())
      known.add(_id);
  for (const { page, deliveries } of known.size > 0 ? own : []) {
    const again = deliveries.filter((d) => known.has(d._id)).length;
    if (again > 0)
      await models.raw.notifications.updateOne(
        { _id: page.notification._id },
        { $inc: { deliveryCount: -again } },
        { session },
      );
  }
  return own.flatMap(({ deliveries }) => deliveries.filter((d) => !known.has(d._id)));
}

/** What was begun before the notification was cancelled is told as it was; the rest of its plan is dropped. */
async function begunAndCanceled(
  models: NotificationModels,
  dropped: readonly MovedPlan[],
  session: ClientSession,
): Promise<DeliveryRecord[]> {
  const begun = dropped.filter(({ page }) => page.claim !== undefined || page.beforeFirstLook);
  if (begun.length === 0) return [];
  const canceled = await models.raw.notifications
    .find(
      {
        _id: { $in: begun.map(({ page }) => page.notification._id) },
        state: 'CANCELED',
        deliveryCount: { $not: { $gt: 0 } },
      },
      { session, projection: { _id: 1, planClaim: 1, looks: 1 } },
    )
    .toArray();
  const byId = new Map(canceled.map((doc) => [doc._id, doc]));
  const kept = begun
    .filter(({ page }) => {
      const now = byId.get(page.notification._id);
      return now && (page.beforeFirstLook ? now.looks === undefined : now.planClaim === page.claim);
    })
    .flatMap(({ deliveries }) => deliveries.filter((d) => d.state !== 'QUEUED' || d.attempt > 0));
  for (const [id, own] of Map.groupBy(kept, (d) => d.notification))
    await models.raw.notifications.updateOne(
      { _id: id },
      {
        $inc: { deliveryCount: own.length },
        $addToSet: { usedChannels: { $each: [...new Set(own.map((d) => d.channel))] } },
      },
      { session },
    );
  return kept;
}
