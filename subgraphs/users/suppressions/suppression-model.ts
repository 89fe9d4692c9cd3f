/** The collection of suppressions. */
import { type Connection, type Model, Schema } from 'mongoose';
import { CHANNELS } from '../../../platform/graphql/contract-enums.ts';
import { SUPPRESSION_REASONS, type SuppressionDocument } from './suppression-record.ts';

const text = { type: String, required: true } as const;

export const suppressionModel = (connection: Connection): Model<SuppressionDocument> =>
  connection.model<SuppressionDocument>(
    'Suppression',
    new Schema<SuppressionDocument>(
      {
        _id: text,
        key: text,
        sortKey: text,
        workspace: text,
        channel: { type: String, enum: CHANNELS, required: true },
        address: text,
        reason: { type: String, enum: SUPPRESSION_REASONS, required: true },
        category: String,
        at: { type: Date, required: true },
        account: String,
        delivery: String,
        by: String,
      },
      { versionKey: false, minimize: false, autoIndex: false, autoCreate: false },
    )
      .index({ key: 1 })
      .index({ sortKey: 1 }),
    'suppressions',
  );
