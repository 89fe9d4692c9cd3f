/** Notifications that are to be planned now. */
import type { Connection } from 'mongoose';
import type { HeraldEvent } from '../../../platform/event-log/events.ts';
import { updateManyApart } from '../../../platform/storage/mongo.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { PLANNABLE } from './move-on.ts';
import { notificationUpdated } from './plan-events.ts';

/** Those of `ids` that are due, not planned and not in another worker's hands. What has expired ends here. */
export async function duePlans(
  connection: Connection,
  models: NotificationModels,
  ids: readonly string[],
  now: Date,
): Promise<{ due: NotificationRecord[]; events: HeraldEvent[] }> {
  const collection = models.raw.notifications;
  // One batch: a second round trip costs more than all the rest of it.
  const found = collection.find({ _id: { $in: ids as string[] } }, { batchSize: ids.length + 1 });
  const records = (await found.toArray()).filter(
    (r) =>
      !r.planned &&
      r.planClaim === undefined &&
      r.dueAt <= now &&
      (PLANNABLE as readonly string[]).includes(r.state),
  );
  const expired = records.filter((r) => r.expiresAt && r.expiresAt <= now);
  if (expired.length === 0) return { due: records, events: [] };
  await updateManyApart(
    connection,
    collection,
    {
      _id: { $in: expired.map((r) => r._id) },
      planned: false,
      planClaim: { $exists: false },
      state: { $in: [...PLANNABLE] },
    },
    { $set: { state: 'EXPIRED', expiredAt: now, nextAttemptAt: null, planned: true } },
  );
  return {
    due: records.filter((r) => !expired.includes(r)),
    events: expired.map((r) => notificationUpdated(r, 'EXPIRED', now)),
  };
}

/** Those of `ids` that nobody else has claimed or planned meanwhile are the caller's until `leaseUntil`. */
export async function claimPlans(
  connection: Connection,
  models: NotificationModels,
  ids: readonly string[],
  claim: string,
  leaseUntil: Date,
): Promise<ReadonlySet<string>> {
  const collection = models.raw.notifications;
  const modifiedCount = await updateManyApart(
    connection,
    collection,
    {
      _id: { $in: ids as string[] },
      planned: false,
      planClaim: { $exists: false },
      planCursor: { $exists: false },
      state: { $in: [...PLANNABLE] },
    },
    {
      $set: { state: 'PROCESSING', planClaim: claim, lane: 'TIMED', nextAttemptAt: leaseUntil },
      $inc: { claims: 1 },
    },
  );
  if (modifiedCount === ids.length) return new Set(ids);
  const ours = await collection
    .find({ _id: { $in: ids as string[] }, planClaim: claim }, { projection: { _id: 1 } })
    .toArray();
  return new Set(ours.map((doc) => doc._id));
}

/** Counts that the planning of these begins, for those that came back again and again: what kills its worker shows. */
export async function countTries(
  connection: Connection,
  models: NotificationModels,
  ids: readonly string[],
): Promise<void> {
  await updateManyApart(
    connection,
    models.raw.notifications,
    { _id: { $in: ids as string[] } },
    { $inc: { tries: 1 } },
  );
}
