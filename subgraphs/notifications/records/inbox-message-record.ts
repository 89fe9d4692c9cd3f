/** An in-app message as it is stored. */

/** An in-app message as stored. `_id` is the inbox and `seq`, so that one inbox is one range of the primary key. */
export interface InboxMessageRecord {
  readonly _id: string;
  readonly workspace: string;
  readonly user: string;
  /** 1, 2, 3 … without holes within one user: the order in which the messages became visible. */
  readonly seq: number;
  readonly notification: string;
  readonly delivery: string;
  readonly title?: string;
  readonly body: string;
  readonly url?: string;
  readonly imageUrl?: string;
  readonly data?: unknown;
  readonly category?: string;
  readonly createdAt: Date;
  readonly readAt: Date | null;
  readonly archivedAt: Date | null;
}
