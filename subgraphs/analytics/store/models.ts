/** Mongoose models of the analytics subgraph. */
import { type Connection, type Model, Schema } from 'mongoose';
import { prepareLedger } from '../../../platform/event-log/tally-ledger.ts';
import type { Counts } from '../fold/fold.ts';

/** Counts by state; `_id` says of what (see keys.ts). */
export interface RollupRecord {
  readonly _id: string;
  readonly counts: Counts;
}

export interface AnalyticsModels {
  readonly minutes: Model<RollupRecord>;
  readonly totals: Model<RollupRecord>;
}

const options = { versionKey: false, autoIndex: false, autoCreate: false } as const;

export function analyticsModels(connection: Connection): AnalyticsModels {
  const rollup = (collection: string): Schema<RollupRecord> =>
    new Schema<RollupRecord>(
      { _id: { type: String, required: true }, counts: { type: Schema.Types.Mixed, required: true } },
      { ...options, collection },
    );
  return {
    minutes: connection.model<RollupRecord>('DeliveryMinute', rollup('delivery_minutes')),
    totals: connection.model<RollupRecord>('DeliveryTotal', rollup('delivery_totals')),
  };
}

/** Makes the collections: transactions cannot make them everywhere. Primary keys are all the indexes that are needed. */
export async function prepareAnalytics({ minutes, totals }: AnalyticsModels): Promise<void> {
  await Promise.all([minutes.createCollection(), totals.createCollection(), prepareLedger(minutes.db)]);
}
