/** Puts the in-app messages of new deliveries into their inboxes, within the caller's transaction. */
import type { ClientSession } from 'mongoose';
import type { DeliveryRecord, InboxMessageRecord } from '../contract.ts';
import type { NotificationModels } from '../store/models.ts';
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

  const keys = [...byInbox.keys()];
  await models.raw.counters.bulkWrite(
    keys.map((key) => {
      const count = byInbox.get(key)?.length ?? 0;
      return {
        updateOne: { filter: { _id: key }, update: { $inc: { seq: count, unread: count } }, upsert: true },
      };
    }),
    { session, ordered: true },
  );
  const counters = await models.raw.counters.find({ _id: { $in: keys } }, { session }).toArray();
  const messages: InboxMessageRecord[] = [];
  for (const counter of counters) {
    const own = byInbox.get(counter._id) ?? [];
    unread.set(counter._id, counter.unread);
    own.forEach((delivery, index) => {
      messages.push(messageOf(delivery, counter._id, counter.seq - own.length + index + 1, now));
    });
  }
  await models.raw.messages.insertMany(messages, { session, ordered: true });
  return { messages, unread };
}

function messageOf(delivery: DeliveryRecord, inbox: string, seq: number, now: Date): InboxMessageRecord {
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
