/** Mongoose models of the analytics subgraph. */
import { type Connection, type Model, Schema } from 'mongoose';
import type { Counts } from '../fold/fold.ts';

/** Counts by state; `_id` says of what (see keys.ts). */
export interface RollupRecord {
  readonly _id: string;
  readonly counts: Counts;
}
/** How far the event log has been folded: the stream id of the last batch. */
export interface CursorRecord {
  readonly _id: string;
  readonly position: string;
  /** Ids of batches that were folded, by which the log is recognised (see log-position.ts). */
  readonly marks?: readonly string[];
}

export interface AnalyticsModels {
  readonly minutes: Model<RollupRecord>;
  readonly totals: Model<RollupRecord>;
  readonly cursors: Model<CursorRecord>;
}

const options = { versionKey: false, autoIndex: false, autoCreate: false } as const;

export function analyticsModels(connection: Connection): AnalyticsModels {
  const rollup = (collection: string): Schema<RollupRecord> =>
    new Schema<RollupRecord>(
      { _id: { type: String, required: true }, counts: { type: Schema.Types.Mixed, required: true } },
      { ...options, collection },
    );
  const cursor: Schema<CursorRecord> = new Schema<CursorRecord>(
    { _id: { type: String, required: true }, position: { type: String, required: true }, marks: [String] },
    { ...options, collection: 'analytics_cursors' },
  );
  return {
    minutes: connection.model<RollupRecord>('DeliveryMinute', rollup('delivery_minutes')),
    totals: connection.model<RollupRecord>('DeliveryTotal', rollup('delivery_totals')),
    cursors: connection.model<CursorRecord>('AnalyticsCursor', cursor),
  };
}

/** Makes the collections: transactions cannot make them everywhere. Primary keys are all the indexes that are needed. */
export async function prepareAnalytics({ minutes, totals, cursors }: AnalyticsModels): Promise<void> {
  await Promise.all([minutes.createCollection(), totals.createCollection(), cursors.createCollection()]);
}
