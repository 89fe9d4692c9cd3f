/** What is stored of a segment, and its collection. */
import { type Connection, type Model, Schema } from 'mongoose';

/** People for whom a condition holds. `_id`: scoped key of its id. */
export interface SegmentDocument {
  readonly _id: string;
  readonly workspace: string;
  readonly id: string;
  readonly name: string;
  /** CEL of the scope `user`. */
  readonly when: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const text = { type: String, required: true } as const;
const date = { type: Date, required: true } as const;

export const segmentModel = (connection: Connection): Model<SegmentDocument> =>
  connection.model<SegmentDocument>(
    'Segment',
    new Schema<SegmentDocument>(
      { _id: text, workspace: text, id: text, name: text, when: text, createdAt: date, updatedAt: date },
      { versionKey: false, minimize: false, autoIndex: false, autoCreate: false },
    ),
    'segments',
  );
