/** The collections of alerts. They need no index but their keys. */
import { type Connection, type Model, Schema } from 'mongoose';
import type { AlertMarkRecord, AlertRecord } from './alert-record.ts';

const needed = { type: String, required: true } as const;
const options = { versionKey: false, minimize: false, autoIndex: false, autoCreate: false } as const;

export function alertModels(connection: Connection): {
  alerts: Model<AlertRecord>;
  marks: Model<AlertMarkRecord>;
} {
  const alert = new Schema<AlertRecord>(
    {
      _id: needed,
      workspace: needed,
      kind: needed,
      at: { type: Date, required: true },
      message: needed,
      count: { type: Number, required: true },
      windowMs: { type: Number, required: true },
      reasons: { type: Schema.Types.Mixed, required: true },
    },
    { ...options, collection: 'alerts' },
  );
  const mark = new Schema<AlertMarkRecord>(
    { _id: needed, raisedAt: { type: Date, required: true } },
    { ...options, collection: 'alert_marks' },
  );
  return {
    alerts: connection.model<AlertRecord>('Alert', alert),
    marks: connection.model<AlertMarkRecord>('AlertMark', mark),
  };
}
