/** Replaying: sends failed (or named) deliveries again, as a new notification that points at the original. */

import type { Connection } from 'mongoose';
import { badInput, conflict } from '../../../platform/errors/herald-error.ts';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import { newId } from '../../../platform/names/ids.ts';
import type { QueuedDelivery } from '../../../platform/queues/enqueue-sends.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import type { DeliveryRecord, NotificationRecord, PlannedDelivery } from '../contract.ts';
import { deliveryEvent } from '../outbox/delivery-events.ts';
import { deliveryOfPlan } from '../outbox/delivery-of-plan.ts';
import { notificationUpdated } from '../outbox/store-plans.ts';
import type { NotificationModels } from '../store/models.ts';

/** Larger replays are made in several calls: one transaction holds them. */
const MAX_REPLAYED = 1_000;
const FINAL = ['SENT', 'DELIVERED', 'FAILED', 'SKIPPED', 'EXPIRED', 'CANCELED'];

/**
 * The words are those of the original: the same content to the same addresses.
 * @throws HeraldError CONFLICT when nothing has failed, BAD_USER_INPUT for a delivery that is not this
 * notification's, or that has not ended.
 */
export async function replayNotification(
  deps: { connection: Connection; models: NotificationModels; events: EventLog },
  original: NotificationRecord,
  ids: readonly string[] | undefined,
  by: string,
): Promise<{ replay: NotificationRecord; queued: QueuedDelivery[] }> {
  const chosen = await choose(deps.models, original, ids);
  const now = new Date();
  const replay = replayOf(original, chosen.length, now);
  const records = chosen.map((d) =>
    deliveryOfPlan(replay, plannedFrom(d), { sole: chosen.length === 1, now, fence: replay._id }),
  );
  await inTransaction(deps.connection, async (session) => {
    await deps.models.raw.notifications.insertOne({ ...replay }, { session });
    await deps.models.raw.deliveries.insertMany(records, { session });
    await deps.models.raw.notifications.updateOne(
      { _id: original._id },
      { $push: { replays: { at: now, notification: replay._id, by } } },
      { session },
    );
  });
  await deps.events.append([
    ...records.map((r) => deliveryEvent('delivery.queued', r, now)),
    notificationUpdated(replay, replay.state, now),
    notificationUpdated(original, original.state, now),
  ]);
  return {
    replay,
    queued: records.map((r) => ({
      id: r._id,
      channel: r.channel,
      priority: r.priority,
      attempt: 0,
      nextAttemptAt: now,
    })),
  };
}

async function choose(
  models: NotificationModels,
  original: NotificationRecord,
  ids: readonly string[] | undefined,
): Promise<DeliveryRecord[]> {
  if (ids === undefined) {
    const failed = await models.deliveries
      .find({ notification: original._id, state: 'FAILED' })
      .limit(MAX_REPLAYED)
      .lean<DeliveryRecord[]>();
    const sendable = failed.filter((d) => d.content);
    if (sendable.length === 0)
      throw conflict('No delivery of this notification has failed. Name `deliveries` to send others again.');
    return sendable;
  }
  if (ids.length === 0 || ids.length > MAX_REPLAYED)
    throw badInput('deliveries', `Name 1 to ${MAX_REPLAYED} deliveries; there are ${ids.length}.`);
  const found = await models.deliveries
    .find({ _id: { $in: ids }, notification: original._id })
    .lean<DeliveryRecord[]>();
  const byId = new Map(found.map((d) => [d._id, d]));
  return [...new Set(ids)].map((id, index) => {
    const delivery = byId.get(id);
    if (!delivery)
      throw badInput(`deliveries.${index}`, `There is no delivery "${id}" of this notification.`);
    if (!FINAL.includes(delivery.state))
      throw badInput(`deliveries.${index}`, `The delivery is ${delivery.state}: it has not ended yet.`);
    if (!delivery.content)
      throw badInput(
        `deliveries.${index}`,
        'The delivery was never rendered: send a new notification instead.',
      );
    if (delivery.channel === 'IN_APP')
      throw badInput(`deliveries.${index}`, 'The message is in the inbox: in-app deliveries need no replay.');
    return delivery;
  });
}

function replayOf(original: NotificationRecord, count: number, now: Date): NotificationRecord {
  const {
    replays: _replays,
    planCursor: _cursor,
    completedAt: _completed,
    canceledAt: _canceled,
    canceledBy: _by,
    expiredAt: _expired,
    expiresAt: _expires,
    sendAt: _sendAt,
    ...kept
  } = original;
  const id = newId('ntf', now.getTime());
  return {
    ...kept,
    _id: id,
    idem: `${original.workspace}|${original.app}|${id}`,
    requestHash: '',
    state: 'PROCESSING',
    createdAt: now,
    dueAt: now,
    nextAttemptAt: null,
    planned: true,
    plannedAt: now,
    deliveryCount: count,
    replayOf: original._id,
  };
}

const plannedFrom = (d: DeliveryRecord): PlannedDelivery => ({
  channel: d.channel,
  ...(d.user !== undefined && { user: d.user }),
  ...(d.address !== undefined && { address: d.address }),
  ...(d.device && { device: d.device }),
  ...(d.content && { content: d.content }),
});
