/** Mongoose models of the notifications subgraph. Hot paths use their collections directly, with plain documents. */
import { type Connection, type Model, type mongo, Schema } from 'mongoose';
import type { DeliveryRecord, InboxMessageRecord, NotificationRecord } from '../contract.ts';

/** Per user: the number of the newest message and how many are unread. */
export interface InboxCounterRecord {
  readonly _id: string;
  readonly seq: number;
  readonly unread: number;
}

export interface NotificationModels {
  readonly notifications: Model<NotificationRecord>;
  readonly deliveries: Model<DeliveryRecord>;
  readonly messages: Model<InboxMessageRecord>;
  readonly counters: Model<InboxCounterRecord>;
  /** The same collections for plain documents: nothing is hydrated or cast on hot paths. */
  readonly raw: {
    readonly notifications: mongo.Collection<Writable<NotificationRecord>>;
    readonly deliveries: mongo.Collection<Writable<DeliveryRecord>>;
    readonly messages: mongo.Collection<Writable<InboxMessageRecord>>;
    readonly counters: mongo.Collection<Writable<InboxCounterRecord>>;
  };
}

/** The driver's update types know mutable members only. */
type Writable<T> = { -readonly [K in keyof T]: T[K] };

const options = { versionKey: false, minimize: false, autoIndex: false, autoCreate: false } as const;
const text = { type: String } as const;
const needed = { type: String, required: true } as const;
const mixed = { type: Schema.Types.Mixed } as const;

/**
 * Few indexes, each with its selective field first, none partial (design: Data services, Traps).
 * `notification` + `state` serves a notification's deliveries and the check whether one is unfinished.
 */
export function notificationModels(connection: Connection): NotificationModels {
  const notification = new Schema<NotificationRecord>(
    {
      _id: needed,
      workspace: needed,
      app: needed,
      idem: needed,
      requestHash: needed,
      state: needed,
      priority: needed,
      event: text,
      routeVersion: Number,
      template: text,
      templateVersion: Number,
      content: mixed,
      to: [mixed],
      channels: [String],
      data: mixed,
      category: text,
      createdAt: { type: Date, required: true },
      dueAt: { type: Date, required: true },
      sendAt: Date,
      expiresAt: Date,
      nextAttemptAt: Date,
      planned: { type: Boolean, required: true },
      planCursor: text,
      plannedAt: Date,
      deliveryCount: { type: Number, required: true },
      usedChannels: { type: [String], default: undefined },
      planFence: text,
      completedAt: Date,
      canceledAt: Date,
      canceledBy: text,
      expiredAt: Date,
      replayOf: text,
      replays: { type: [mixed], default: undefined },
    },
    { ...options, collection: 'notifications' },
  );
  notification.index({ idem: 1 }, { unique: true });
  notification.index({ nextAttemptAt: 1 });
  notification.index({ workspace: 1, _id: -1 });

  const delivery = new Schema<DeliveryRecord>(
    {
      _id: needed,
      workspace: needed,
      app: needed,
      notification: needed,
      sole: { type: Boolean, required: true },
      channel: needed,
      user: text,
      userKey: text,
      address: text,
      device: mixed,
      state: needed,
      skipReason: text,
      provider: text,
      providerMessageId: text,
      attempt: { type: Number, required: true },
      attempts: [mixed],
      content: mixed,
      priority: needed,
      category: text,
      event: text,
      template: text,
      createdAt: { type: Date, required: true },
      expiresAt: Date,
      nextAttemptAt: Date,
      fence: text,
      sentAt: Date,
      deliveredAt: Date,
      failedAt: Date,
      expiredAt: Date,
      canceledAt: Date,
      openedAt: Date,
      clickedAt: Date,
    },
    { ...options, collection: 'deliveries' },
  );
  delivery.index({ notification: 1, state: 1 });
  delivery.index({ nextAttemptAt: 1 });
  delivery.index({ userKey: 1, notification: -1 });

  const message = new Schema<InboxMessageRecord>(
    {
      _id: needed,
      workspace: needed,
      user: needed,
      seq: { type: Number, required: true },
      notification: needed,
      delivery: needed,
      title: text,
      body: needed,
      url: text,
      imageUrl: text,
      data: mixed,
      category: text,
      createdAt: { type: Date, required: true },
      readAt: Date,
      archivedAt: Date,
    },
    { ...options, collection: 'inbox_messages' },
  );

  const counter = new Schema<InboxCounterRecord>(
    { _id: needed, seq: { type: Number, required: true }, unread: { type: Number, required: true } },
    { ...options, collection: 'inbox_counters' },
  );

  return {
    notifications: connection.model<NotificationRecord>('Notification', notification),
    deliveries: connection.model<DeliveryRecord>('Delivery', delivery),
    messages: connection.model<InboxMessageRecord>('InboxMessage', message),
    counters: connection.model<InboxCounterRecord>('InboxCounter', counter),
    raw: {
      notifications: connection.collection('notifications'),
      deliveries: connection.collection('deliveries'),
      messages: connection.collection('inbox_messages'),
      counters: connection.collection('inbox_counters'),
    },
  };
}

/** Makes collections and indexes; safe when several processes start at once. Collections come first: transactions cannot make them everywhere. */
export async function prepareStore(models: NotificationModels): Promise<void> {
  const { notifications, deliveries, messages, counters } = models;
  await Promise.all([notifications, deliveries, messages, counters].map(prepare));
}

async function prepare(model: {
  createCollection(): Promise<unknown>;
  createIndexes(): Promise<unknown>;
}): Promise<void> {
  await model.createCollection();
  await model.createIndexes();
}
