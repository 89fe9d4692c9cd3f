/** Puts the in-app messages of new deliveries into their inboxes, within the caller's transaction. */
import type { ClientSession } from 'mongoose';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { InboxMessageRecord } from '../records/inbox-message-record.ts';
import type { InboxCounterRecord, NotificationModels } from '../store/models.ts';
import { inboxKey, messageKey } from './message-ids.ts';

/**
 * Numbers come from a counter that the transaction changes: two transactions for one inbox conflict, and the
 * second one is run again. So numbers have no holes and become visible in their order: whoever has read up to
 * n misses nothing by going on after n. (A clock, or a counter outside the transaction, cannot give that.)
 */
export async function insertMessages(
  models: NotificationModels,
  deliveries: readonly DeliveryRecord[],
  now: Date,
  session: ClientSession,
): Promise<{ messages: InboxMessageRecord[]; unread: Map<string, number> }> {
  const byInbox = new Map<string, DeliveryRecord[]>();
  for (const delivery of deliveries) {
    if (delivery.channel !== 'IN_APP' || delivery.state !== 'DELIVERED' || !delivery.userKey) continue;
    const inbox = inboxKey(delivery.userKey);
    const own = byInbox.get(inbox);
    if (own) own.push(delivery);
    else byInbox.set(inbox, [delivery]);
  }
  const unread = new Map<string, number>();
  if (byInbox.size === 0) return { messages: [], unread };

  const counters = await count(models, byInbox, session);
  const messages: InboxMessageRecord[] = [];
  for (const counter of counters) {
    const own = byInbox.get(counter._id) ?? [];
    unread.set(counter._id, counter.unread);
    own.forEach((delivery, index) => {
      messages.push(inboxMessageOf(delivery, counter._id, counter.seq - own.length + index + 1, now));
    });
  }
  await models.raw.messages.insertMany(messages, { session, ordered: true });
  return { messages, unread };
}

/**
 * Counts the new messages. Inboxes that get equally many are one update, which costs a fraction of single ones;
 * those that have no counter yet get theirs.
 */
async function count(
  models: NotificationModels,
  byInbox: ReadonlyMap<string, readonly DeliveryRecord[]>,
  session: ClientSession,
): Promise<InboxCounterRecord[]> {
  const { counters } = models.raw;
  const keys = [...byInbox.keys()];
  const added = (key: string) => byInbox.get(key)?.length ?? 0;
  let changed = 0;
  for (const [number, own] of Map.groupBy(keys, added)) {
    const update = { $inc: { seq: number, unread: number } };
    changed += (await counters.updateMany({ _id: { $in: own } }, update, { session })).modifiedCount;
  }
  const read = () => counters.find({ _id: { $in: keys } }, { session }).toArray();
  const found = await read();
  if (changed === keys.length) return found;
  const known = new Set(found.map((counter) => counter._id));
  await counters.bulkWrite(
    keys
      .filter((key) => !known.has(key))
      .map((key) => ({
        updateOne: {
          filter: { _id: key },
          update: { $inc: { seq: added(key), unread: added(key) } },
          upsert: true,
        },
      })),
    { session, ordered: true },
  );
  return read();
}

function inboxMessageOf(delivery: DeliveryRecord, inbox: string, seq: number, now: Date): InboxMessageRecord {
  const content = delivery.content;
  return {
    _id: messageKey(inbox, seq),
    workspace: delivery.workspace,
    user: delivery.user ?? '',
    seq,
    notification: delivery.notification,
    delivery: delivery._id,
    ...(content?.title !== undefined && { title: content.title }),
    body: content?.body ?? '',
    ...(content?.url !== undefined && { url: content.url }),
    ...(content?.imageUrl !== undefined && { imageUrl: content.imageUrl }),
    ...(content?.data !== undefined && { data: content.data }),
    ...(delivery.category !== undefined && { category: delivery.category }),
    createdAt: now,
    readAt: null,
    archivedAt: null,
  };
}
