/** Who was the first of an event and key. */
import { type Connection, type Model, Schema } from 'mongoose';

/** `_id` is of workspace, event and key. */
export interface OnceRecord {
  readonly _id: string;
  /** The one that is sent. */
  readonly notification: string;
  /** It, and those before it whose windows are over: planned again, they are still to be sent. */
  readonly owners: readonly string[];
  /** Those accepted before this are not. */
  readonly until: Date;
}

/** After its end a window is kept for as long as a notification in it may still wait to be planned. */
const KEPT_SECONDS = 7 * 24 * 3_600;

const needed = { type: String, required: true } as const;

export function onceModel(connection: Connection): Model<OnceRecord> {
  const once = new Schema<OnceRecord>(
    { _id: needed, notification: needed, owners: [String], until: { type: Date, required: true } },
    { versionKey: false, autoIndex: false, autoCreate: false, collection: 'once_claims' },
  );
  once.index({ until: 1 }, { expireAfterSeconds: KEPT_SECONDS });
  return connection.model<OnceRecord>('OnceClaim', once);
}
