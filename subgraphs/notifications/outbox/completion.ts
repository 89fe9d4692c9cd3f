/** A notification is COMPLETED when every one of its deliveries is final. */
import type { ClientSession, Connection } from 'mongoose';
import type { HeraldEvent } from '../../../platform/event-log/events.ts';
import { updateManyApart } from '../../../platform/storage/mongo.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { COMPLETION_LOOK_MS } from './looks.ts';
import { notificationUpdated } from './plan-events.ts';

/** What says of a notification all that its event needs. */
type Known = Pick<DeliveryRecord, 'notification' | 'workspace' | 'app' | 'priority' | 'event' | 'template'>;

/**
 * Completes the notifications of which these are the only deliveries, in the transaction that ends them.
 * @returns the deliveries whose notification was completed now; not those of one that was cancelled.
 */
export async function completeSole<T extends DeliveryRecord>(
  models: NotificationModels,
  ended: readonly T[],
  now: Date,
  session: ClientSession,
): Promise<readonly T[]> {
  const sole = ended.filter((d) => d.sole);
  if (sole.length === 0) return [];
  const ids = sole.map((d) => d.notification);
  const { modifiedCount } = await models.raw.notifications.updateMany(
    { _id: { $in: ids }, planned: true, state: 'PROCESSING' },
    { $set: { state: 'COMPLETED', completedAt: now, nextAttemptAt: null } },
    { session },
  );
  if (modifiedCount === sole.length) return sole;
  const completed = await models.raw.notifications
    .find({ _id: { $in: ids }, completedAt: now }, { session, projection: { _id: 1 } })
    .toArray();
  const done = new Set(completed.map((doc) => doc._id));
  return sole.filter((d) => done.has(d.notification));
}

/** Their events. */
export const completionEvents = (deliveries: readonly Known[], now: Date): HeraldEvent[] =>
  deliveries.map((d) => notificationUpdated({ ...d, _id: d.notification }, 'COMPLETED', now));

/**
 * Completes those of `ids` that are planned and have nothing unfinished; looks at the others again later. Two
 * workers that end the last two deliveries at once would each see the other's as unfinished, so this comes after
 * their transactions; what a crash in between leaves over, the sweeper completes.
 */
export async function completeFinished(
  connection: Connection,
  models: NotificationModels,
  ids: readonly string[],
  now: Date,
): Promise<HeraldEvent[]> {
  const finished = await withoutUnfinished(models, ids);
  if (finished.length === 0) return [];
  const collection = models.raw.notifications;
  const modifiedCount = await updateManyApart(
    connection,
    collection,
    { _id: { $in: finished }, planned: true, state: 'PROCESSING' },
    { $set: { state: 'COMPLETED', completedAt: now, nextAttemptAt: null } },
  );
  if (modifiedCount === 0) return [];
  const completed = await collection
    .find(
      { _id: { $in: finished }, completedAt: now },
      { projection: { _id: 1, workspace: 1, app: 1, priority: 1, event: 1, template: 1 } },
    )
    .toArray();
  return completed.map((record) => notificationUpdated(record, 'COMPLETED', now));
}

/** Puts off the next look at notifications that are planned and not completed. */
export async function lookAgainAtCompletion(
  connection: Connection,
  models: NotificationModels,
  ids: readonly string[],
  now: Date,
): Promise<void> {
  if (ids.length === 0) return;
  await updateManyApart(
    connection,
    models.raw.notifications,
    { _id: { $in: ids as string[] }, planned: true, state: 'PROCESSING' },
    { $set: { nextAttemptAt: new Date(now.getTime() + COMPLETION_LOOK_MS) } },
  );
}

async function withoutUnfinished(models: NotificationModels, ids: readonly string[]): Promise<string[]> {
  // One of each is enough: a notification of a million deliveries must not be counted through.
  const found = await Promise.all(
    [...new Set(ids)].map(async (id) => {
      const unfinished = await models.raw.deliveries.findOne(
        { notification: id, state: { $in: ['QUEUED', 'SENDING'] } },
        { projection: { _id: 1 } },
      );
      return unfinished === null ? [id] : [];
    }),
  );
  return found.flat();
}

/** The notifications that share their deliveries' end with others. */
export const sharedOf = (ended: readonly DeliveryRecord[]): NotificationRecord['_id'][] => [
  ...new Set(ended.filter((d) => !d.sole).map((d) => d.notification)),
];
