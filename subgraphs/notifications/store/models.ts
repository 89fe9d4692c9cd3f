/** Mongoose models of the notifications subgraph. Hot paths use their collections directly, with plain documents. */
import { type Connection, type Model, type mongo, Schema } from 'mongoose';
import { prepareLedger } from '../../../platform/event-log/tally-ledger.ts';
import { alertModels } from '../alerts/alert-models.ts';
import type { AlertMarkRecord, AlertRecord } from '../alerts/alert-record.ts';
import { auditModel } from '../audit/audit-model.ts';
import type { AuditRecord } from '../audit/audit-record.ts';
import { deadLetterModel } from '../dead-letters/dead-letter-model.ts';
import type { DeadLetterRecord } from '../dead-letters/dead-letter-record.ts';
import {
  type DigestBucketRecord,
  type DigestItemRecord,
  type DigestSlotRecord,
  digestModels,
} from '../digests/digest-models.ts';
import { type CancellableRecord, cancellableModel } from '../events/cancellable-model.ts';
import { otpModels } from '../otp/otp-models.ts';
import type { OtpLimitRecord, OtpRecord, SealedCodeRecord } from '../otp/otp-record.ts';
import { providerAccountModels } from '../provider-accounts/account-models.ts';
import type { ProviderAccountRecord, ProviderDefinitionRecord } from '../provider-accounts/account-record.ts';
import { type ProviderMessageRecord, type ReceiptRecord, receiptModels } from '../receipts/receipt-models.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { InboxMessageRecord } from '../records/inbox-message-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import { type OnceRecord, onceModel } from '../rules/once-model.ts';

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
  readonly deadLetters: Model<DeadLetterRecord>;
  readonly audit: Model<AuditRecord>;
  readonly alerts: Model<AlertRecord>;
  readonly alertMarks: Model<AlertMarkRecord>;
  readonly cancellables: Model<CancellableRecord>;
  readonly receipts: Model<ReceiptRecord>;
  readonly providerMessages: Model<ProviderMessageRecord>;
  readonly otps: Model<OtpRecord>;
  readonly sealedCodes: Model<SealedCodeRecord>;
  readonly otpLimits: Model<OtpLimitRecord>;
  readonly providerAccounts: Model<ProviderAccountRecord>;
  readonly providerDefinitions: Model<ProviderDefinitionRecord>;
  readonly onceClaims: Model<OnceRecord>;
  readonly digestBuckets: Model<DigestBucketRecord>;
  readonly digestItems: Model<DigestItemRecord>;
  readonly digestSlots: Model<DigestSlotRecord>;
  /** The same collections for plain documents: nothing is hydrated or cast on hot paths. */
  readonly raw: {
    readonly notifications: mongo.Collection<Writable<NotificationRecord>>;
    readonly deliveries: mongo.Collection<Writable<DeliveryRecord>>;
    readonly messages: mongo.Collection<Writable<InboxMessageRecord>>;
    readonly counters: mongo.Collection<Writable<InboxCounterRecord>>;
    readonly deadLetters: mongo.Collection<Writable<DeadLetterRecord>>;
    readonly audit: mongo.Collection<Writable<AuditRecord>>;
    readonly alerts: mongo.Collection<Writable<AlertRecord>>;
    readonly alertMarks: mongo.Collection<Writable<AlertMarkRecord>>;
    readonly cancellables: mongo.Collection<Writable<CancellableRecord>>;
    readonly receipts: mongo.Collection<Writable<ReceiptRecord>>;
    readonly providerMessages: mongo.Collection<Writable<ProviderMessageRecord>>;
    readonly otps: mongo.Collection<Writable<OtpRecord>>;
    readonly sealedCodes: mongo.Collection<Writable<SealedCodeRecord>>;
    readonly otpLimits: mongo.Collection<Writable<OtpLimitRecord>>;
    readonly providerAccounts: mongo.Collection<Writable<ProviderAccountRecord>>;
    readonly providerDefinitions: mongo.Collection<Writable<ProviderDefinitionRecord>>;
    readonly onceClaims: mongo.Collection<Writable<OnceRecord>>;
    readonly digestBuckets: mongo.Collection<Writable<DigestBucketRecord>>;
    readonly digestItems: mongo.Collection<Writable<DigestItemRecord>>;
    readonly digestSlots: mongo.Collection<Writable<DigestSlotRecord>>;
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
      requestHash: text,
      state: needed,
      priority: needed,
      event: text,
      routeVersion: Number,
      template: text,
      templateVersion: Number,
      content: mixed,
      to: [mixed],
      channels: [String],
      fallback: { type: [mixed], default: undefined },
      addressesAreOne: Boolean,
      recipientWhen: text,
      actions: { type: [mixed], default: undefined },
      passedOver: { type: [mixed], default: undefined },
      cancelKey: text,
      cancels: { type: [mixed], default: undefined },
      followUps: { type: [mixed], default: undefined },
      isTest: Boolean,
      followUpOf: text,
      followUpDepth: Number,
      rules: mixed,
      data: mixed,
      category: text,
      createdAt: { type: Date, required: true },
      dueAt: { type: Date, required: true },
      sendAt: Date,
      expiresAt: Date,
      nextAttemptAt: Date,
      planned: { type: Boolean, required: true },
      lane: needed,
      planClaim: text,
      claims: Number,
      looks: Number,
      tries: Number,
      planCursor: text,
      plannedAt: Date,
      deliveryCount: Number,
      usedChannels: { type: [String], default: undefined },
      planFence: text,
      completedAt: Date,
      canceledAt: Date,
      canceledBy: text,
      expiredAt: Date,
      locale: text,
      otp: mixed,
      digestOf: text,
      replayOf: text,
      resend: mixed,
      replays: { type: [mixed], default: undefined },
    },
    { ...options, collection: 'notifications' },
  );
  notification.index({ idem: 1 }, { unique: true });
  // Not with `state` in it: beside the unique index that makes inserts on the embedded Rust server five times as dear.
  notification.index({ lane: 1, nextAttemptAt: 1 });
  // Ascending: of a descending member the Rust server reads the whole range.
  notification.index({ workspace: 1, _id: 1 });

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
      skippedAt: Date,
      skippedFor: text,
      digest: text,
      quiet: mixed,
      held: mixed,
      chain: mixed,
      action: text,
      provider: text,
      providerMessageId: text,
      attempt: { type: Number, required: true },
      attempts: [mixed],
      content: mixed,
      priority: needed,
      category: text,
      event: text,
      template: text,
      otp: text,
      createdAt: { type: Date, required: true },
      expiresAt: Date,
      nextAttemptAt: Date,
      fence: text,
      claims: Number,
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
  delivery.index({ channel: 1, priority: 1, state: 1, nextAttemptAt: 1 });
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

  const { alerts, marks } = alertModels(connection);
  return {
    notifications: connection.model<NotificationRecord>('Notification', notification),
    deliveries: connection.model<DeliveryRecord>('Delivery', delivery),
    messages: connection.model<InboxMessageRecord>('InboxMessage', message),
    counters: connection.model<InboxCounterRecord>('InboxCounter', counter),
    deadLetters: deadLetterModel(connection),
    audit: auditModel(connection),
    alerts,
    alertMarks: marks,
    ...receiptModels(connection),
    cancellables: cancellableModel(connection),
    ...otpModels(connection),
    ...providerAccountModels(connection),
    onceClaims: onceModel(connection),
    ...digestModels(connection),
    raw: {
      notifications: connection.collection('notifications'),
      deliveries: connection.collection('deliveries'),
      messages: connection.collection('inbox_messages'),
      counters: connection.collection('inbox_counters'),
      deadLetters: connection.collection('dead_letters'),
      audit: connection.collection('audit_entries'),
      alerts: connection.collection('alerts'),
      alertMarks: connection.collection('alert_marks'),
      cancellables: connection.collection('cancellables'),
      receipts: connection.collection('receipts'),
      providerMessages: connection.collection('provider_messages'),
      otps: connection.collection('otps'),
      sealedCodes: connection.collection('otp_sealed_codes'),
      otpLimits: connection.collection('otp_limits'),
      providerAccounts: connection.collection('provider_accounts'),
      providerDefinitions: connection.collection('provider_definitions'),
      onceClaims: connection.collection('once_claims'),
      digestBuckets: connection.collection('digest_buckets'),
      digestItems: connection.collection('digest_items'),
      digestSlots: connection.collection('digest_slots'),
    },
  };
}

/** Makes collections and indexes; safe when several processes start at once. Collections come first: transactions cannot make them everywhere. */
export async function prepareStore(models: NotificationModels): Promise<void> {
  const { raw: _, ...all } = models;
  await Promise.all([...Object.values(all).map(prepare), prepareLedger(models.notifications.db)]);
}

async function prepare(model: {
  createCollection(): Promise<unknown>;
  createIndexes(): Promise<unknown>;
}): Promise<void> {
  await model.createCollection();
  await model.createIndexes();
}
