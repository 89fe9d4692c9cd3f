/**
 * Makes digests of buckets that are due: one transaction closes them and stores their notifications, so that each
 * bucket becomes one notification, once, with all that was collected in it. What was collected is deleted afterwards,
 * as a step of its own: a crash in between leaves closed buckets, which are found again.
 */
import type { Connection } from 'mongoose';
import type { Guard } from '../../../platform/storage/fenced-lock.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import type { NotificationModels } from '../store/models.ts';
import type { DigestBucketRecord } from './digest-models.ts';
import { digestRecord } from './digest-record.ts';

interface Stores {
  readonly connection: Connection;
  readonly models: Pick<NotificationModels, 'raw'>;
  /** Stops the writes of a process that is no longer the elected one. */
  readonly guard?: Guard;
}

/** Items in one transaction, or those of one bucket. */
const MAX_ITEMS = 1_000;
/** Bytes of what they say, likewise. */
const MAX_BYTES = 4_000_000;

/** Those that are due, the oldest first, in groups for one transaction each. */
export async function dueBuckets(
  { models }: Pick<Stores, 'models'>,
  now: Date,
  limit: number,
): Promise<(readonly DigestBucketRecord[])[]> {
  return grouped(
    await models.raw.digestBuckets
      .find({ state: 'OPEN', dueAt: { $lte: now } })
      .sort({ state: 1, dueAt: 1 })
      .limit(limit)
      .toArray(),
  );
}

/** Those whose notification is there. */
export async function closedBuckets(
  { models }: Pick<Stores, 'models'>,
  limit: number,
): Promise<(readonly DigestBucketRecord[])[]> {
  return grouped(await models.raw.digestBuckets.find({ state: 'CLOSED' }).limit(limit).toArray());
}

/**
 * @returns the digests made; those that somebody else has closed meanwhile, or that are no longer due, are passed over.
 * @throws TurnLostError when another process was elected, and what MongoDB throws; nothing is closed then.
 */
export function closeBuckets(
  { connection, models, guard }: Stores,
  ids: readonly string[],
  now: Date,
): Promise<readonly NotificationRecord[]> {
  const { digestBuckets, digestItems, digestSlots, notifications } = models.raw;
  return inTransaction(connection, async (session) => {
    await guard?.(session);
    const found = await digestBuckets.find({ _id: { $in: ids as string[] } }, { session }).toArray();
    const buckets = found.filter(({ state, dueAt }) => state === 'OPEN' && dueAt <= now);
    if (buckets.length === 0) return [];
    const own = buckets.map(({ _id }) => _id);
    const items = await digestItems.find({ bucket: { $in: own } }, { session }).toArray();
    const collected: Pick<NotificationRecord, '_id' | 'createdAt' | 'data'>[] = await notifications
      .find(
        { _id: { $in: [...new Set(items.map(({ notification }) => notification))] } },
        { session, projection: { _id: 1, createdAt: 1, data: 1 } },
      )
      .toArray();
    const byId = new Map(collected.map((record) => [record._id, record]));
    const byBucket = Map.groupBy(items, ({ bucket }) => bucket);
    const records = buckets.map((bucket) =>
      digestRecord(
        bucket,
        (byBucket.get(bucket._id) ?? []).flatMap(({ notification }) => byId.get(notification) ?? []),
        now,
      ),
    );
    await notifications.insertMany(records, { session, ordered: true });
    await digestBuckets.updateMany(
      { _id: { $in: own }, state: 'OPEN' },
      { $set: { state: 'CLOSED', closedAt: now } },
      { session },
    );
    // A series whose next bucket has begun already points there.
    await digestSlots.deleteMany(
      { _id: { $in: buckets.map(({ series }) => series) }, bucket: { $in: own } },
      { session },
    );
    return records;
  });
}

/** Deletes closed buckets and what was collected in them. */
export async function deleteClosed(
  { connection, models, guard }: Stores,
  ids: readonly string[],
): Promise<void> {
  const { digestBuckets, digestItems } = models.raw;
  await inTransaction(connection, async (session) => {
    await guard?.(session);
    await digestItems.deleteMany({ bucket: { $in: ids as string[] } }, { session });
    await digestBuckets.deleteMany({ _id: { $in: ids as string[] }, state: 'CLOSED' }, { session });
  });
}

function grouped(buckets: readonly DigestBucketRecord[]): DigestBucketRecord[][] {
  const groups: DigestBucketRecord[][] = [];
  let items = 0;
  let bytes = 0;
  for (const bucket of buckets) {
    const current = groups.at(-1);
    if (!current || items + bucket.count > MAX_ITEMS || bytes + bucket.bytes > MAX_BYTES) {
      groups.push([bucket]);
      items = bucket.count;
      bytes = bucket.bytes;
    } else {
      current.push(bucket);
      items += bucket.count;
      bytes += bucket.bytes;
    }
  }
  return groups;
}
