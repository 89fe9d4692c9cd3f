/** Whoever tells the right code has opened the message that brought it. */
import type { Connection } from 'mongoose';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import { enterTallies } from '../../../platform/event-log/tally-ledger.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import { supersedeFailures } from '../chains/supersede-failures.ts';
import { NONE, type Opened } from '../inbox/open-deliveries.ts';
import { deliveryEvent } from '../outbox/delivery-events.ts';
import { afterReceipt } from '../receipts/after-receipt.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationModels } from '../store/models.ts';

/**
 * On which of several channels it was read nobody knows: all that were sent count as opened.
 * @returns those, and the events that tell it, which are appended.
 */
export async function markOpened(
  {
    connection,
    models,
    events,
  }: { connection: Connection; models: Pick<NotificationModels, 'raw'>; events: EventLog },
  idem: string,
  now: Date,
): Promise<Opened> {
  const found = await models.raw.notifications.findOne({ idem }, { projection: { replays: 1 } });
  if (!found) return NONE;
  const notifications = [found._id, ...(found.replays ?? []).map(({ notification }) => notification)];
  const { changed, told } = await inTransaction(connection, async (session) => {
    const deliveries: DeliveryRecord[] = await models.raw.deliveries
      .find({ notification: { $in: notifications }, state: { $in: ['SENT', 'DELIVERED'] } }, { session })
      .toArray();
    const changes = deliveries.flatMap((delivery) => {
      const { set, events: types } = afterReceipt(delivery, { key: '', kind: 'opened' }, now);
      return types.length > 0 ? [{ delivery: { ...delivery, ...set }, set, types }] : [];
    });
    if (changes.length > 0)
      await models.raw.deliveries.bulkWrite(
        changes.map(({ delivery, set }) => ({
          updateOne: { filter: { _id: delivery._id }, update: { $set: set } },
        })),
        { session, ordered: true },
      );
    await supersedeFailures(
      models,
      changes.map(({ delivery }) => delivery),
      now,
      session,
    );
    const own = changes.flatMap(({ delivery, types }) =>
      types.map((type) => deliveryEvent(type, delivery, now)),
    );
    await enterTallies(connection, own, session);
    return { changed: changes.map(({ delivery }) => delivery), told: own };
  });
  await events.append(told);
  return { opened: changed, events: told };
}
