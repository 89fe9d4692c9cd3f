/** Changes deliveries that a worker holds: only where its claim still holds, and what changes alike as one update. */
import type { ClientSession, mongo } from 'mongoose';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationModels } from '../store/models.ts';

export interface HeldChange {
  readonly id: string;
  readonly update: {
    readonly $set: Partial<DeliveryRecord>;
    readonly $push?: { readonly attempts: DeliveryRecord['attempts'][number] };
    readonly $inc?: { readonly attempt: 1 };
  };
}

/**
 * A single update costs several times as much as one of a group.
 * @param mark the fence afterwards: it tells what this call changed from what another worker had taken over meanwhile.
 * @returns the ids of the deliveries that were changed.
 */
export async function changeHeld(
  models: NotificationModels,
  changes: readonly HeldChange[],
  fence: string,
  mark: string,
  session: ClientSession,
): Promise<ReadonlySet<string>> {
  const { deliveries } = models.raw;
  const alike = Map.groupBy(changes, ({ update }) => JSON.stringify(update));
  const operations = [...alike.values()].flatMap((own) => {
    const [first] = own;
    if (!first) return [];
    const filter = { _id: { $in: own.map(({ id }) => id) }, fence, state: 'SENDING' as const };
    const update = { ...first.update, $set: { ...first.update.$set, fence: mark } };
    return [{ updateMany: { filter, update: update as mongo.UpdateFilter<DeliveryRecord> } }];
  });
  const { modifiedCount } = await deliveries.bulkWrite(operations, { session, ordered: true });
  const ids = changes.map(({ id }) => id);
  if (modifiedCount === ids.length) return new Set(ids);
  const ours = await deliveries
    .find({ _id: { $in: ids }, fence: mark }, { session, projection: { _id: 1 } })
    .toArray();
  return new Set(ours.map((doc) => doc._id));
}
