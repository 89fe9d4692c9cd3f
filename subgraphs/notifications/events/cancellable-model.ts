/** What waits for its delay and can be cancelled: one entry for each such notification. */
import { type Connection, type Model, Schema } from 'mongoose';

export interface CancellableRecord {
  /** `workspace|event|key|notification`: those of one key are a range. */
  readonly _id: string;
  readonly notification: string;
  /** Kept until then. */
  readonly until: Date;
}

export function cancellableModel(connection: Connection): Model<CancellableRecord> {
  const schema = new Schema<CancellableRecord>(
    {
      _id: { type: String, required: true },
      notification: { type: String, required: true },
      until: { type: Date, required: true },
    },
    { versionKey: false, autoIndex: false, autoCreate: false, collection: 'cancellables' },
  );
  schema.index({ until: 1 }, { expireAfterSeconds: 0 });
  return connection.model<CancellableRecord>('Cancellable', schema);
}
