/** The collection of dead letters. */
import { type Connection, type Model, Schema } from 'mongoose';
import type { DeadLetterRecord } from './dead-letter-record.ts';

const text = { type: String } as const;
const needed = { type: String, required: true } as const;

/** Each list is one index over one string that grows with time: see list-keys.ts. */
export function deadLetterModel(connection: Connection): Model<DeadLetterRecord> {
  const letter = new Schema<DeadLetterRecord>(
    {
      _id: needed,
      workspace: needed,
      app: needed,
      notification: needed,
      channel: needed,
      provider: text,
      user: text,
      template: text,
      event: text,
      category: text,
      priority: needed,
      reason: needed,
      lastError: text,
      attempts: { type: Number, required: true },
      failedAt: { type: Date, required: true },
      state: needed,
      resolvedBy: text,
      resolvedAt: Date,
      resolvedReason: text,
      replay: text,
      supersededBy: text,
      byWorkspace: needed,
      byApp: needed,
      byNotification: needed,
    },
    { versionKey: false, minimize: false, autoIndex: false, autoCreate: false, collection: 'dead_letters' },
  );
  letter.index({ byWorkspace: 1 });
  letter.index({ byApp: 1 });
  letter.index({ byNotification: 1 });
  return connection.model<DeadLetterRecord>('DeadLetter', letter);
}
