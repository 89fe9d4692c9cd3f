/** Reads what happened: the client's journals, the provider's, and what the store holds. */
import { join } from 'node:path';
import type { mongo } from 'mongoose';
import type { AcknowledgedEntry, CanceledEntry, SentEntry } from '../load/load.ts';
import { readJournal } from '../load/read-journal.ts';
import type { Received } from '../provider/received.ts';

/** A notification of the run, as the store has it. */
export interface StoredNotification {
  readonly id: string;
  readonly key: string;
  readonly state: string;
}
export interface StoredDelivery {
  readonly id: string;
  readonly notification: string;
  readonly channel: string;
  readonly state: string;
  /** When each attempt began, epoch ms. */
  readonly attemptedAt: readonly number[];
}
export interface InboxMessage {
  readonly user: string;
  readonly key: string;
}

/** All that the verdict is made of. */
export interface Facts {
  readonly sent: readonly SentEntry[];
  readonly acknowledged: readonly AcknowledgedEntry[];
  readonly canceled: readonly CanceledEntry[];
  readonly received: readonly Received[];
  readonly notifications: readonly StoredNotification[];
  readonly deliveries: readonly StoredDelivery[];
  readonly inbox: readonly InboxMessage[];
}

interface NotificationDoc {
  readonly _id: string;
  readonly idem: string;
  readonly state: string;
}
interface DeliveryDoc {
  readonly _id: string;
  readonly notification: string;
  readonly channel: string;
  readonly state: string;
  readonly attempts: readonly { readonly at: Date }[];
}
interface MessageDoc {
  readonly _id: string;
  readonly user: string;
  readonly body: string;
}

/**
 * @param where.journals folder of the client's journals.
 * @param where.app whose notifications: idempotency keys are its own.
 * @param where.prefix of the run's keys.
 */
export async function readFacts(
  db: mongo.Db,
  received: readonly Received[],
  where: { readonly journals: string; readonly app: string; readonly prefix: string },
): Promise<Facts> {
  const journal = <T>(name: string) => readJournal<T>(join(where.journals, `${name}.jsonl`));
  const start = `default|${where.app}|${where.prefix}-`;
  // A range of the unique index: what other runs left in the store is not looked at.
  const notifications = await db
    .collection<NotificationDoc>('notifications')
    .find({ idem: { $gte: start, $lt: `${start}~` } }, { projection: { idem: 1, state: 1 } })
    .toArray();
  const deliveries: DeliveryDoc[] = [];
  const ids = notifications.map(({ _id }) => _id);
  for (let i = 0; i < ids.length; i += 1_000)
    deliveries.push(
      ...(await db
        .collection<DeliveryDoc>('deliveries')
        .find(
          { notification: { $in: ids.slice(i, i + 1_000) } },
          { projection: { notification: 1, channel: 1, state: 1, attempts: 1 } },
        )
        .toArray()),
    );
  const inbox = await db
    .collection<MessageDoc>('inbox_messages')
    .find({}, { projection: { user: 1, body: 1 } })
    .toArray();
  const ofRun = (text: string) => text.startsWith(`${where.prefix}-`);
  return {
    sent: await journal('sent'),
    acknowledged: await journal('acknowledged'),
    canceled: await journal('canceled'),
    received: received.filter(({ text }) => ofRun(text)),
    notifications: notifications.map(({ _id, idem, state }) => ({
      id: _id,
      key: idem.slice(idem.lastIndexOf('|') + 1),
      state,
    })),
    deliveries: deliveries.map(({ _id, notification, channel, state, attempts }) => ({
      id: _id,
      notification,
      channel,
      state,
      attemptedAt: attempts.map(({ at }) => at.getTime()),
    })),
    inbox: inbox.filter(({ body }) => ofRun(body)).map(({ user, body }) => ({ user, key: body })),
  };
}
