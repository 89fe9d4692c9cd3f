/** The outbox: what workers do to notifications and deliveries. Each step may run twice; the second run changes nothing. */

import type { Connection, mongo } from 'mongoose';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import type { HeraldEvent } from '../../../platform/event-log/events.ts';
import type { Priority } from '../../../platform/graphql/contract-enums.ts';
import type { QueuedDelivery } from '../../../platform/queues/enqueue-sends.ts';
import { updateManyApart } from '../../../platform/storage/mongo.ts';
import type {
  AttemptOutcome,
  Deferral,
  DeliveryRecord,
  NotificationRecord,
  Outbox,
  PlanPage,
} from '../contract.ts';
import type { InboxPublisher } from '../inbox/inbox-publisher.ts';
import type { NotificationModels } from '../store/models.ts';
import { deliveryEvent } from './delivery-events.ts';
import { recordOutcomes } from './record-outcomes.ts';
import { notificationUpdated, storePlans } from './store-plans.ts';

export class MongoOutbox implements Outbox {
  readonly #connection: Connection;
  readonly #models: NotificationModels;
  readonly #events: EventLog;
  readonly #inbox: InboxPublisher;

  constructor(deps: {
    connection: Connection;
    models: NotificationModels;
    events: EventLog;
    inbox: InboxPublisher;
  }) {
    this.#connection = deps.connection;
    this.#models = deps.models;
    this.#events = deps.events;
    this.#inbox = deps.inbox;
  }

  async duePlans(ids: readonly string[], now: Date): Promise<NotificationRecord[]> {
    const records = await this.#models.raw.notifications
      .find({
        _id: { $in: ids },
        planned: false,
        state: { $in: ['ACCEPTED', 'SCHEDULED', 'PROCESSING'] },
        dueAt: { $lte: now },
      })
      .toArray();
    const expired = records.filter((r) => r.expiresAt && r.expiresAt <= now);
    if (expired.length === 0) return records;
    await this.#update(
      this.#models.raw.notifications,
      { _id: { $in: expired.map((r) => r._id) }, planned: false, state: { $in: ['ACCEPTED', 'SCHEDULED'] } },
      { $set: { state: 'EXPIRED', expiredAt: now, nextAttemptAt: null, planned: true } },
    );
    await this.#events.append(expired.map((r) => notificationUpdated(r, 'EXPIRED', now)));
    return records.filter((r) => !expired.includes(r));
  }

  async storePlans(
    pages: readonly PlanPage[],
    now: Date,
  ): Promise<{ queued: QueuedDelivery[]; stored: ReadonlySet<string> }> {
    if (pages.length === 0) return { queued: [], stored: new Set() };
    const result = await storePlans(this.#connection, this.#models, pages, now);
    await Promise.all([
      this.#inbox.received(result.messages, result.unread),
      this.#events.append(result.events),
      this.#completeFinished(
        pages
          .filter((p) => p.nextCursor === undefined && p.notification.planCursor !== undefined)
          .map((p) => p.notification._id),
        now,
      ),
    ]);
    const queued = result.deliveries.filter((d) => d.state === 'QUEUED').map((d) => queuedOf(d, now));
    return { queued, stored: result.stored };
  }

  async claim(
    ids: readonly string[],
    attempt: number,
    fence: string,
    now: Date,
    leaseUntil: Date,
  ): Promise<DeliveryRecord[]> {
    const collection = this.#models.raw.deliveries;
    const modifiedCount = await this.#update(
      collection,
      { _id: { $in: ids }, state: 'QUEUED', attempt },
      { $set: { state: 'SENDING', fence, nextAttemptAt: leaseUntil } },
    );
    if (modifiedCount === 0) return [];
    const claimed = await collection.find({ _id: { $in: ids }, fence }).toArray();
    const canceled = await this.#canceledAmong(claimed);
    const stopped: DeliveryRecord[] = claimed.filter((d) => canceled.has(d.notification));
    const expired = claimed.filter((d) => !stopped.includes(d) && d.expiresAt && d.expiresAt <= now);
    await this.#end(stopped, fence, 'CANCELED', now);
    await this.#end(expired, fence, 'EXPIRED', now);
    return claimed.filter((d) => !stopped.includes(d) && !expired.includes(d));
  }

  async renew(ids: readonly string[], fence: string, leaseUntil: Date): Promise<void> {
    await this.#update(
      this.#models.raw.deliveries,
      { _id: { $in: ids }, fence, state: 'SENDING' },
      { $set: { nextAttemptAt: leaseUntil } },
    );
  }

  async record(outcomes: readonly AttemptOutcome[], fence: string): Promise<QueuedDelivery[]> {
    if (outcomes.length === 0) return [];
    const { written, events } = await recordOutcomes(this.#connection, this.#models, outcomes, fence);
    const now = new Date();
    const finished = written.filter((o) => o.result.kind !== 'retry').map((o) => o.delivery);
    await Promise.all([this.#events.append(events), this.#completeOf(finished, now)]);
    return written.flatMap((o) =>
      o.result.kind === 'retry'
        ? [queuedOf({ ...o.delivery, attempt: o.delivery.attempt + 1 }, o.result.nextAttemptAt)]
        : [],
    );
  }

  async defer(deferrals: readonly Deferral[], fence: string): Promise<void> {
    const byTime = Map.groupBy(deferrals, ({ until }) => until.getTime());
    for (const [time, own] of byTime)
      await this.#update(
        this.#models.raw.deliveries,
        { _id: { $in: own.map((d) => d.delivery) }, fence, state: 'SENDING' },
        { $set: { state: 'QUEUED', fence: null, nextAttemptAt: new Date(time) } },
      );
  }

  async postpone(ids: readonly string[], attempt: number, until: Date): Promise<void> {
    if (ids.length === 0) return;
    await this.#update(
      this.#models.raw.deliveries,
      { _id: { $in: ids as string[] }, state: 'QUEUED', attempt },
      { $set: { nextAttemptAt: until } },
    );
  }

  async sweepPlans(priority: Priority, now: Date, nextLook: Date, limit: number): Promise<string[]> {
    const collection = this.#models.raw.notifications;
    const due = await collection
      .find(
        { nextAttemptAt: { $lte: now }, priority },
        { projection: { _id: 1 }, sort: { nextAttemptAt: 1 }, limit },
      )
      .toArray();
    const ids = due.map((d) => d._id);
    if (ids.length > 0)
      await this.#update(
        collection,
        { _id: { $in: ids }, nextAttemptAt: { $lte: now } },
        { $set: { nextAttemptAt: nextLook } },
      );
    return ids;
  }

  async sweepDeliveries(now: Date, nextLook: Date, limit: number): Promise<QueuedDelivery[]> {
    const collection = this.#models.raw.deliveries;
    const due = await collection
      .find({ nextAttemptAt: { $lte: now } }, { sort: { nextAttemptAt: 1 }, limit })
      .toArray();
    if (due.length === 0) return [];
    const ids = due.map((d) => d._id);
    // A claim that has run out belongs to a worker that died: whoever it was, its fence holds no longer.
    await this.#update(
      collection,
      { _id: { $in: ids }, nextAttemptAt: { $lte: now }, state: { $in: ['QUEUED', 'SENDING'] } },
      { $set: { state: 'QUEUED', fence: null, nextAttemptAt: nextLook } },
    );
    return due.map((d) => queuedOf(d, now));
  }

  #update<T extends mongo.Document>(
    collection: mongo.Collection<T>,
    filter: mongo.Filter<T>,
    update: mongo.UpdateFilter<T>,
  ): Promise<number> {
    return updateManyApart(this.#connection, collection, filter, update);
  }

  /** Ends claimed deliveries that must not be attempted. */
  async #end(
    deliveries: readonly DeliveryRecord[],
    fence: string,
    state: 'EXPIRED' | 'CANCELED',
    now: Date,
  ): Promise<void> {
    if (deliveries.length === 0) return;
    await this.#update(
      this.#models.raw.deliveries,
      { _id: { $in: deliveries.map((d) => d._id) }, fence },
      {
        $set: {
          state,
          nextAttemptAt: null,
          fence: null,
          ...(state === 'EXPIRED' ? { expiredAt: now } : { canceledAt: now }),
        },
      },
    );
    const type = state === 'EXPIRED' ? 'delivery.expired' : 'delivery.canceled';
    await this.#events.append(deliveries.map((d) => deliveryEvent(type, { ...d, state }, now)));
    if (state === 'EXPIRED') await this.#completeOf(deliveries, now);
  }

  /** Which of their notifications were cancelled after these were queued. */
  async #canceledAmong(deliveries: readonly DeliveryRecord[]): Promise<Set<string>> {
    if (deliveries.length === 0) return new Set();
    const found = await this.#models.raw.notifications
      .find(
        { _id: { $in: [...new Set(deliveries.map((d) => d.notification))] }, state: 'CANCELED' },
        { projection: { _id: 1 } },
      )
      .toArray();
    return new Set(found.map((d) => d._id));
  }

  /** Completes the notifications of finished deliveries where nothing else is unfinished. */
  async #completeOf(finished: readonly DeliveryRecord[], now: Date): Promise<void> {
    const sole = finished.filter((d) => d.sole).map((d) => d.notification);
    const shared = [...new Set(finished.filter((d) => !d.sole).map((d) => d.notification))];
    await this.#complete([...sole, ...(await this.#withoutUnfinished(shared))], now);
  }

  async #completeFinished(ids: readonly string[], now: Date): Promise<void> {
    await this.#complete(await this.#withoutUnfinished(ids), now);
  }

  async #withoutUnfinished(ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const unfinished = await this.#models.raw.deliveries.distinct('notification', {
      notification: { $in: ids as string[] },
      state: { $in: ['QUEUED', 'SENDING'] },
    });
    return ids.filter((id) => !unfinished.includes(id));
  }

  async #complete(ids: readonly string[], now: Date): Promise<void> {
    if (ids.length === 0) return;
    const collection = this.#models.raw.notifications;
    const modifiedCount = await this.#update(
      collection,
      { _id: { $in: ids }, planned: true, state: 'PROCESSING' },
      { $set: { state: 'COMPLETED', completedAt: now } },
    );
    if (modifiedCount === 0) return;
    const completed = await collection
      .find(
        { _id: { $in: ids }, completedAt: now },
        { projection: { _id: 1, workspace: 1, app: 1, priority: 1, event: 1, template: 1 } },
      )
      .toArray();
    const events: HeraldEvent[] = completed.map((r) => notificationUpdated(r, 'COMPLETED', now));
    await this.#events.append(events);
  }
}

const queuedOf = (d: DeliveryRecord, nextAttemptAt: Date): QueuedDelivery => ({
  id: d._id,
  channel: d.channel,
  priority: d.priority,
  attempt: d.attempt,
  nextAttemptAt,
});
