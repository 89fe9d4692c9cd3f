/** An in-app message that is read for the first time: its delivery is opened. */
import type { ClientSession, Connection } from 'mongoose';
import type { HeraldEvent } from '../../../platform/event-log/events.ts';
import { enterTallies } from '../../../platform/event-log/tally-ledger.ts';
import { supersedeFailures } from '../chains/supersede-failures.ts';
import { deliveryEvent } from '../outbox/delivery-events.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { InboxMessageRecord } from '../records/inbox-message-record.ts';
import type { NotificationModels } from '../store/models.ts';

export interface Opened {
  readonly opened: readonly DeliveryRecord[];
  readonly events: readonly HeraldEvent[];
}
export const NONE: Opened = { opened: [], events: [] };

/** In the transaction that marks the messages. Read again after it was unread, a message was opened before. */
export async function openDeliveries(
  connection: Connection,
  models: NotificationModels,
  messages: readonly InboxMessageRecord[],
  now: Date,
  session: ClientSession,
): Promise<Opened> {
  if (messages.length === 0) return NONE;
  const ids = messages.map(({ delivery }) => delivery);
  const found: DeliveryRecord[] = await models.raw.deliveries
    .find({ _id: { $in: ids }, openedAt: { $exists: false } }, { session })
    .toArray();
  if (found.length === 0) return NONE;
  await models.raw.deliveries.updateMany(
    { _id: { $in: found.map(({ _id }) => _id) } },
    { $set: { openedAt: now } },
    { session },
  );
  await supersedeFailures(models, found, now, session);
  const opened = found.map((delivery): DeliveryRecord => ({ ...delivery, openedAt: now }));
  const events = opened.map((delivery) => deliveryEvent('delivery.opened', delivery, now));
  await enterTallies(connection, events, session);
  return { opened, events };
}
