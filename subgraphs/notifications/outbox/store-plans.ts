/**
 * Stores plans. One transaction moves the notifications on, inserts their deliveries and puts in-app messages
 * into the inboxes, so that a plan is there once and whole, or not at all; and so an IN_APP delivery is
 * DELIVERED exactly when its message is in the inbox.
 */
import { randomUUID } from 'node:crypto';
import type { ClientSession, Connection } from 'mongoose';
import type { HeraldEvent } from '../../../platform/event-log/events.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import type { DeliveryRecord, InboxMessageRecord, NotificationRecord, PlanPage } from '../contract.ts';
import { insertMessages } from '../inbox/insert-messages.ts';
import type { NotificationModels } from '../store/models.ts';
import { deliveryEvent } from './delivery-events.ts';
import { deliveryOfPlan } from './delivery-of-plan.ts';
import { FIRST_LOOK_MS } from './first-look.ts';

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
  const fence = randomUUID();
  return inTransaction(connection, async (session) => {
    const stored = await moveOn(models, pages, now, fence, session);
    const deliveries = await newDeliveries(models, pages, stored, now, fence, session);
    if (deliveries.length > 0) await models.raw.deliveries.insertMany(deliveries, { session, ordered: true });
    const { messages, unread } = await insertMessages(models, deliveries, now, session);
    return { stored, deliveries, messages, unread, events: eventsOf(pages, stored, deliveries, now) };
  });
}

/** Marks the notifications whose page is still the next one; the others were cancelled or planned by another worker. */
async function moveOn(
  models: NotificationModels,
  pages: readonly PlanPage[],
  now: Date,
  fence: string,
  session: ClientSession,
): Promise<Set<string>> {
  await models.raw.notifications.bulkWrite(
    pages.map((page) => {
      const { notification } = page;
      const last = page.nextCursor === undefined;
      const done = last && isDone(page);
      return {
        updateOne: {
          filter: {
            _id: notification._id,
            planned: false,
            state: { $in: ['ACCEPTED', 'SCHEDULED', 'PROCESSING'] },
            planCursor: notification.planCursor ?? { $exists: false },
          },
          update: {
            $set: {
              state: done ? 'COMPLETED' : 'PROCESSING',
              planned: last,
              planFence: fence,
              nextAttemptAt: last ? null : new Date(now.getTime() + FIRST_LOOK_MS),
              ...(last && { plannedAt: now }),
              ...(done && { completedAt: now }),
              ...(page.nextCursor !== undefined && { planCursor: page.nextCursor }),
              ...(page.templateVersion !== undefined && { templateVersion: page.templateVersion }),
            },
            $inc: { deliveryCount: page.deliveries.length },
            $addToSet: { usedChannels: { $each: [...new Set(page.deliveries.map((d) => d.channel))] } },
          },
        },
      };
    }),
    { session, ordered: true },
  );
  const moved = await models.raw.notifications
    .find(
      { _id: { $in: pages.map((p) => p.notification._id) }, planFence: fence },
      { session, projection: { _id: 1 } },
    )
    .toArray();
  return new Set(moved.map((doc) => doc._id));
}

/** Nothing is left to send: known before the deliveries are stored, for the notifications of a single page. */
const isDone = (page: PlanPage): boolean =>
  page.notification.planCursor === undefined &&
  page.deliveries.every(
    (d) => d.skipReason !== undefined || d.renderError !== undefined || d.channel === 'IN_APP',
  );

async function newDeliveries(
  models: NotificationModels,
  pages: readonly PlanPage[],
  stored: ReadonlySet<string>,
  now: Date,
  fence: string,
  session: ClientSession,
): Promise<DeliveryRecord[]> {
  const byId = new Map<string, DeliveryRecord>();
  const paged: string[] = [];
  for (const page of pages) {
    if (!stored.has(page.notification._id)) continue;
    const onePage = page.nextCursor === undefined && page.notification.planCursor === undefined;
    for (const planned of page.deliveries) {
      const record = deliveryOfPlan(page.notification, planned, {
        sole: onePage && page.deliveries.length === 1,
        now,
        fence,
      });
      byId.set(record._id, record);
      if (!onePage) paged.push(record._id);
    }
  }
  if (paged.length > 0) {
    // A user may be in several groups: an earlier page may have had the same delivery.
    const known = await models.raw.deliveries
      .find({ _id: { $in: paged } }, { session, projection: { _id: 1 } })
      .toArray();
    for (const doc of known) byId.delete(doc._id);
  }
  return [...byId.values()];
}

function eventsOf(
  pages: readonly PlanPage[],
  stored: ReadonlySet<string>,
  deliveries: readonly DeliveryRecord[],
  now: Date,
): HeraldEvent[] {
  const events: HeraldEvent[] = deliveries.flatMap((record) => {
    // Every delivery was queued first; one that is final at once has two events.
    const queued = deliveryEvent('delivery.queued', { ...record, state: 'QUEUED' }, now);
    switch (record.state) {
      case 'SKIPPED':
        return [deliveryEvent('delivery.skipped', record, now)];
      case 'FAILED':
        return [queued, deliveryEvent('delivery.failed', record, now, 'CHANNEL_RENDER_FAILED')];
      case 'DELIVERED':
        return [queued, deliveryEvent('delivery.delivered', record, now)];
      default:
        return [queued];
    }
  });
  for (const page of pages)
    if (stored.has(page.notification._id))
      events.push(
        notificationUpdated(
          page.notification,
          page.nextCursor === undefined && isDone(page) ? 'COMPLETED' : 'PROCESSING',
          now,
        ),
      );
  return events;
}

export const notificationUpdated = (
  record: NotificationRecord,
  state: NotificationRecord['state'],
  at: Date,
): HeraldEvent => ({
  v: 1,
  type: 'notification.updated',
  workspace: record.workspace,
  app: record.app,
  notification: record._id,
  at: at.getTime(),
  state,
  priority: record.priority,
  ...(record.event !== undefined && { event: record.event }),
  ...(record.template !== undefined && { template: record.template }),
});
