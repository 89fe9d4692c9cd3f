/** What is kept of digests until they are made. Their documents are gone afterwards: the notification holds all. */
import { type Connection, type Model, Schema } from 'mongoose';
import type { DigestSending } from '../outbox/plan-page.ts';
import type { RecipientEntry } from '../records/notification-record.ts';

/** A digest in the making. */
export interface DigestBucketRecord {
  readonly _id: string;
  readonly workspace: string;
  readonly app: string;
  readonly event?: string;
  readonly key?: string;
  /** Whose: what goes to one of them in one way about one key comes one bucket after the other. */
  readonly series: string;
  readonly to: readonly RecipientEntry[];
  /** Of the first item. */
  readonly sendAs: DigestSending;
  /** CLOSED: its notification is there, and what was collected can go. */
  readonly state: 'OPEN' | 'CLOSED';
  readonly openedAt: Date;
  /** When it is closed; earlier when it is full. */
  readonly dueAt: Date;
  readonly maxItems: number;
  readonly count: number;
  readonly bytes: number;
  readonly closedAt?: Date;
}

/** `_id`: series and notification, so that none is collected twice. What it says is in the notification. */
export interface DigestItemRecord {
  readonly _id: string;
  readonly bucket: string;
  readonly notification: string;
}

/** `_id`: a series; which bucket of it takes items. */
export interface DigestSlotRecord {
  readonly _id: string;
  readonly bucket: string;
}

const needed = { type: String, required: true } as const;
const date = { type: Date, required: true } as const;
const number = { type: Number, required: true } as const;
const options = { versionKey: false, minimize: false, autoIndex: false, autoCreate: false } as const;

export function digestModels(connection: Connection): {
  digestBuckets: Model<DigestBucketRecord>;
  digestItems: Model<DigestItemRecord>;
  digestSlots: Model<DigestSlotRecord>;
} {
  const bucket = new Schema<DigestBucketRecord>(
    {
      _id: needed,
      workspace: needed,
      app: needed,
      event: String,
      key: String,
      series: needed,
      to: [{ type: Schema.Types.Mixed }],
      sendAs: { type: Schema.Types.Mixed, required: true },
      state: needed,
      openedAt: date,
      dueAt: date,
      maxItems: number,
      count: number,
      bytes: number,
      closedAt: Date,
    },
    { ...options, collection: 'digest_buckets' },
  );
  bucket.index({ state: 1, dueAt: 1 });
  const item = new Schema<DigestItemRecord>(
    { _id: needed, bucket: needed, notification: needed },
    { ...options, collection: 'digest_items' },
  );
  item.index({ bucket: 1 });
  const slot = new Schema<DigestSlotRecord>(
    { _id: needed, bucket: needed },
    { ...options, collection: 'digest_slots' },
  );
  return {
    digestBuckets: connection.model<DigestBucketRecord>('DigestBucket', bucket),
    digestItems: connection.model<DigestItemRecord>('DigestItem', item),
    digestSlots: connection.model<DigestSlotRecord>('DigestSlot', slot),
  };
}
