/** What is kept of receipts: which were taken, and which message of a provider is which delivery. */
import { type Connection, type Model, Schema } from 'mongoose';

/** A receipt that was taken; `_id` is the account and the receipt's key, so that a repeat is known. */
export interface ReceiptRecord {
  readonly _id: string;
  readonly at: Date;
  readonly kind: string;
  readonly delivery: string;
  /** What it leads to besides (a suppression, a preference) is not known to be done. */
  readonly open?: true;
}

/** `_id` is the account and the provider's id of a message. */
export interface ProviderMessageRecord {
  readonly _id: string;
  readonly at: Date;
  readonly delivery: string;
}

/** Later than this no provider tells of a message. */
const KEPT_SECONDS = 30 * 24 * 3_600;

const needed = { type: String, required: true } as const;
const options = { versionKey: false, autoIndex: false, autoCreate: false } as const;

export function receiptModels(connection: Connection): {
  receipts: Model<ReceiptRecord>;
  providerMessages: Model<ProviderMessageRecord>;
} {
  const at = { type: Date, required: true } as const;
  const receipt = new Schema<ReceiptRecord>(
    { _id: needed, at, kind: needed, delivery: needed, open: Boolean },
    { ...options, collection: 'receipts' },
  );
  receipt.index({ at: 1 }, { expireAfterSeconds: KEPT_SECONDS });
  const message = new Schema<ProviderMessageRecord>(
    { _id: needed, at, delivery: needed },
    { ...options, collection: 'provider_messages' },
  );
  message.index({ at: 1 }, { expireAfterSeconds: KEPT_SECONDS });
  return {
    receipts: connection.model<ReceiptRecord>('Receipt', receipt),
    providerMessages: connection.model<ProviderMessageRecord>('ProviderMessage', message),
  };
}

export const accountKey = (account: string, key: string): string => `${account} ${key}`;
