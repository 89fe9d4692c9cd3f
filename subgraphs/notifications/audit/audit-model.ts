/** The collection of the audit trail. It needs no index but its key. */
import { type Connection, type Model, Schema } from 'mongoose';
import type { AuditRecord } from './audit-record.ts';

const needed = { type: String, required: true } as const;
const mixed = { type: Schema.Types.Mixed } as const;

export function auditModel(connection: Connection): Model<AuditRecord> {
  const entry = new Schema<AuditRecord>(
    {
      _id: needed,
      workspace: needed,
      at: { type: Date, required: true },
      actor: { ...mixed, required: true },
      action: needed,
      deliveries: [String],
      notifications: [String],
      replays: { type: [String], default: undefined },
      count: { type: Number, required: true },
      reason: String,
      providerAccount: String,
      filter: mixed,
      before: mixed,
      after: mixed,
    },
    { versionKey: false, minimize: false, autoIndex: false, autoCreate: false, collection: 'audit_entries' },
  );
  return connection.model<AuditRecord>('AuditEntry', entry);
}
