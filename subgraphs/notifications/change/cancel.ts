/** Cancelling: stops what has not been sent yet. */
import type { Connection } from 'mongoose';
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { conflict, notFound } from '../../../platform/errors/herald-error.ts';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import type { HeraldEvent } from '../../../platform/event-log/events.ts';
import { enterTallies } from '../../../platform/event-log/tally-ledger.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import type { Actor } from '../audit/actor.ts';
import { writeAudit } from '../audit/write-audit.ts';
import { deliveryEvent } from '../outbox/delivery-events.ts';
import { notificationUpdated } from '../outbox/plan-events.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import type { NotificationModels } from '../store/models.ts';

/**
 * The notification first, with its entry in the audit trail: from then on no plan is stored and no delivery of it
 * is claimed; then what was queued. Cancelling again answers the same.
 * @throws HeraldError CONFLICT when everything has ended already.
 */
export async function cancelNotification(
  { connection, models, events }: { connection: Connection; models: NotificationModels; events: EventLog },
  record: NotificationRecord,
  by: Actor,
): Promise<NotificationRecord> {
  if (record.state === 'COMPLETED' || record.state === 'EXPIRED')
    throw conflict(`The notification is ${record.state}: there is nothing left to stop.`);
  const now = sharedDate();
  const updated = await stop({ connection, models }, record, by, now);
  if (!updated) {
    const current = await models.notifications.findById(record._id).lean<NotificationRecord>();
    if (!current) throw notFound('notification', record._id);
    if (current.state !== 'CANCELED')
      throw conflict(`The notification is ${current.state}: there is nothing left to stop.`);
    return current;
  }
  const stopped = await stopQueued({ connection, models }, record, now);
  await events.append([...stopped, notificationUpdated(updated, 'CANCELED', now)]);
  return updated;
}

/** @returns the events of the deliveries that this stops: those that a worker has claimed meanwhile end there. */
function stopQueued(
  { connection, models }: { connection: Connection; models: NotificationModels },
  record: NotificationRecord,
  now: Date,
): Promise<HeraldEvent[]> {
  const queued = { notification: record._id, state: 'QUEUED' } as const;
  return inTransaction(connection, async (session) => {
    const found: DeliveryRecord[] = await models.raw.deliveries.find(queued, { session }).toArray();
    await models.raw.deliveries.updateMany(
      queued,
      { $set: { state: 'CANCELED', canceledAt: now, nextAttemptAt: null, fence: null } },
      { session },
    );
    const events = found.map((d) => deliveryEvent('delivery.canceled', { ...d, state: 'CANCELED' }, now));
    await enterTallies(connection, events, session);
    return events;
  });
}

/** Undefined when it had ended meanwhile. */
function stop(
  { connection, models }: { connection: Connection; models: NotificationModels },
  record: NotificationRecord,
  by: Actor,
  now: Date,
): Promise<NotificationRecord | undefined> {
  return inTransaction(connection, async (session) => {
    const updated = await models.notifications
      .findOneAndUpdate(
        { _id: record._id, state: { $in: ['SCHEDULED', 'AWAITING_APPROVAL', 'ACCEPTED', 'PROCESSING'] } },
        {
          $set: {
            state: 'CANCELED',
            canceledAt: now,
            canceledBy: by.name,
            nextAttemptAt: null,
            planned: true,
          },
        },
        { returnDocument: 'after', session },
      )
      .lean<NotificationRecord>();
    if (!updated) return undefined;
    const waiting = await models.raw.deliveries.countDocuments(
      { notification: record._id, state: 'QUEUED' },
      { session },
    );
    await writeAudit(
      models,
      {
        workspace: record.workspace,
        at: now,
        actor: by,
        action: 'CANCEL',
        deliveries: [],
        notifications: [record._id],
        count: waiting,
      },
      session,
    );
    return updated;
  });
}
