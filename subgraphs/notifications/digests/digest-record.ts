/** The notification that a bucket becomes. Pure but for the new id. */
import { newId } from '../../../platform/names/ids.ts';
import { FIRST_LOOK_MS } from '../outbox/looks.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import type { DigestBucketRecord } from './digest-models.ts';

/** One of `data.items` of a digest: what templates go through. */
export interface DigestEntry {
  readonly notification: string;
  /** When it was accepted, RFC 3339. */
  readonly at: string;
  readonly data: unknown;
}

/** Unique, and never that of a send: those begin with the name of a workspace. */
export const digestIdem = (bucket: string): string => `|digest|${bucket}`;

/** @param items the notifications that were collected. */
export function digestRecord(
  bucket: DigestBucketRecord,
  items: readonly Pick<NotificationRecord, '_id' | 'createdAt' | 'data'>[],
  now: Date,
): NotificationRecord {
  const { workspace, app, event, key, to, sendAs } = bucket;
  const { quietHours, expiresInMs, ...sentAs } = sendAs;
  const entries = [...items]
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a._id < b._id ? -1 : 1))
    .map(
      ({ _id, createdAt, data }): DigestEntry => ({
        notification: _id,
        at: createdAt.toISOString(),
        data: data ?? {},
      }),
    );
  return {
    _id: newId('ntf', now.getTime()),
    workspace,
    app,
    idem: digestIdem(bucket._id),
    state: 'ACCEPTED',
    ...(event !== undefined && { event }),
    ...sentAs,
    to,
    data: {
      items: entries,
      count: entries.length,
      ...(key !== undefined && { key }),
      from: entries[0]?.at ?? bucket.openedAt.toISOString(),
      to: entries.at(-1)?.at ?? now.toISOString(),
    },
    ...(quietHours && { rules: { quietHours } }),
    digestOf: bucket._id,
    createdAt: now,
    dueAt: now,
    ...(expiresInMs !== undefined && { expiresAt: new Date(now.getTime() + expiresInMs) }),
    nextAttemptAt: new Date(now.getTime() + FIRST_LOOK_MS),
    lane: sendAs.priority,
    planned: false,
  };
}
