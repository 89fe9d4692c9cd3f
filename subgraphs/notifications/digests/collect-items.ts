/**
 * Collects items for digests, in the transaction that stores their plans: an item is in exactly one bucket, and its
 * deliveries say which, or nothing of it is stored. Whoever adds to a bucket changes it, and so does whoever closes
 * it: of two at once, one is run again.
 */
import type { ClientSession } from 'mongoose';
import { newId } from '../../../platform/names/ids.ts';
import type { PlannedDigestItem, PlanPage } from '../outbox/plan-page.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { type Arrival, type Bucket, type Placed, placeItems } from './bucket-rules.ts';
import type { DigestBucketRecord, DigestItemRecord } from './digest-models.ts';

interface ArrivedItem extends Arrival {
  readonly id: string;
  readonly item: PlannedDigestItem;
  readonly notification: NotificationRecord;
}

/**
 * @param pages those that are stored by this transaction.
 * @param fresh the deliveries that it stores: an item none of whose deliveries is new was collected before.
 * @returns the deliveries, with the buckets that they are in.
 */
export async function collectItems(
  models: Pick<NotificationModels, 'raw'>,
  pages: readonly PlanPage[],
  fresh: readonly DeliveryRecord[],
  now: Date,
  session: ClientSession,
): Promise<readonly DeliveryRecord[]> {
  const arrived = await arrivedItems(models, pages, fresh, session);
  if (arrived.length === 0) return fresh;
  const { digestSlots, digestBuckets, digestItems } = models.raw;
  const bySeries = Map.groupBy(arrived, ({ item }) => item.series);
  const slots = await digestSlots.find({ _id: { $in: [...bySeries.keys()] } }, { session }).toArray();
  const open = await digestBuckets
    .find({ _id: { $in: slots.map(({ bucket }) => bucket) }, state: 'OPEN' }, { session })
    .toArray();
  const openOf = new Map(open.map((bucket) => [bucket.series, bucket]));
  const placed = [...bySeries].map(([series, items]) => ({
    series,
    ...placeItems<ArrivedItem>(openOf.get(series), items, now, () => newId('dgb', now.getTime())),
  }));
  await storeBuckets(models, placed, now, session);
  await pointSlots(models, placed, session);
  const stored = placed.flatMap(({ places }) =>
    [...places].map(
      ([{ id, notification }, bucket]): DigestItemRecord => ({
        _id: id,
        bucket,
        notification: notification._id,
      }),
    ),
  );
  await digestItems.insertMany(stored, { session, ordered: true });
  const bucketOf = new Map(
    placed.flatMap(({ places }) =>
      [...places].flatMap(([{ item }, bucket]) => item.deliveries.map((id) => [id, bucket] as const)),
    ),
  );
  return fresh.map((delivery) => {
    const digest = bucketOf.get(delivery._id);
    return digest === undefined ? delivery : { ...delivery, digest };
  });
}

/** In the order in which their notifications were accepted. */
async function arrivedItems(
  { raw }: Pick<NotificationModels, 'raw'>,
  pages: readonly PlanPage[],
  fresh: readonly DeliveryRecord[],
  session: ClientSession,
): Promise<readonly ArrivedItem[]> {
  const collecting = pages.filter(({ digestItems }) => digestItems && digestItems.length > 0);
  if (collecting.length === 0) return [];
  const isFresh = new Set(fresh.map(({ _id }) => _id));
  const arrived = collecting.flatMap(({ notification, digestItems = [] }) => {
    const bytes = Buffer.byteLength(JSON.stringify(notification.data ?? {}));
    return digestItems
      .filter(({ deliveries }) => deliveries.some((id) => isFresh.has(id)))
      .map((item): ArrivedItem => {
        const { series, dueAt, maxItems } = item;
        return { id: `${series}|${notification._id}`, item, notification, bytes, dueAt, maxItems };
      });
  });
  // Somebody in two groups, on two pages: with other channels the second time there would be new deliveries.
  const paged = arrived.filter(({ notification }) => notification.planCursor !== undefined);
  const known = new Set<string>();
  if (paged.length > 0)
    for (const { _id } of await raw.digestItems
      .find({ _id: { $in: paged.map(({ id }) => id) } }, { session, projection: { _id: 1 } })
      .toArray())
      known.add(_id);
  return arrived
    .filter(({ id }) => !known.has(id))
    .sort((a, b) => a.notification.createdAt.getTime() - b.notification.createdAt.getTime());
}

type PlacedInSeries = Placed<ArrivedItem> & { readonly series: string };

async function storeBuckets(
  { raw }: Pick<NotificationModels, 'raw'>,
  placed: readonly PlacedInSeries[],
  now: Date,
  session: ClientSession,
): Promise<void> {
  const begun = placed.flatMap(({ series, buckets, begun }) =>
    buckets.flatMap((bucket) => {
      const first = begun.get(bucket._id);
      return first ? [newBucket(series, bucket, first, now)] : [];
    }),
  );
  if (begun.length > 0) await raw.digestBuckets.insertMany(begun, { session, ordered: true });
  const changed = placed.flatMap(({ buckets, begun }) => buckets.filter(({ _id }) => !begun.has(_id)));
  if (changed.length > 0)
    await raw.digestBuckets.bulkWrite(
      changed.map(({ _id, count, bytes, dueAt }) => ({
        updateOne: { filter: { _id, state: 'OPEN' }, update: { $set: { count, bytes, dueAt } } },
      })),
      { session, ordered: true },
    );
}

async function pointSlots(
  { raw }: Pick<NotificationModels, 'raw'>,
  placed: readonly PlacedInSeries[],
  session: ClientSession,
): Promise<void> {
  const moved = placed.flatMap(({ series, begun }) => {
    const bucket = [...begun.keys()].at(-1);
    return bucket === undefined ? [] : [{ series, bucket }];
  });
  if (moved.length > 0)
    await raw.digestSlots.bulkWrite(
      moved.map(({ series, bucket }) => ({
        updateOne: { filter: { _id: series }, update: { $set: { bucket } }, upsert: true },
      })),
      { session, ordered: true },
    );
}

function newBucket(
  series: string,
  bucket: Bucket,
  { item, notification }: ArrivedItem,
  now: Date,
): DigestBucketRecord {
  return {
    ...bucket,
    series,
    workspace: notification.workspace,
    app: notification.app,
    ...(notification.event !== undefined && { event: notification.event }),
    ...(notification.rules?.key !== undefined && { key: notification.rules.key }),
    to: item.to,
    sendAs: item.sendAs,
    state: 'OPEN',
    openedAt: now,
  };
}
