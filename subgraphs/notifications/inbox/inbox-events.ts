/** What travels by Redis to whoever watches an inbox. */
import { z } from 'zod';
import type { InboxMessageRecord } from '../records/inbox-message-record.ts';

const messageSchema = z.object({
  _id: z.string(),
  workspace: z.string(),
  user: z.string(),
  seq: z.number().int(),
  notification: z.string(),
  delivery: z.string(),
  title: z.string().optional(),
  body: z.string(),
  url: z.string().optional(),
  imageUrl: z.string().optional(),
  data: z.unknown().optional(),
  category: z.string().optional(),
  createdAt: z.coerce.date(),
  readAt: z.coerce.date().nullable(),
  archivedAt: z.coerce.date().nullable(),
});

export const inboxEventSchema = z.object({
  type: z.enum(['RECEIVED', 'UPDATED']),
  message: messageSchema,
  unreadCount: z.number().int(),
});

/** A change in one inbox: the message as it is now, and how many are unread. */
export interface InboxEventRecord {
  readonly type: 'RECEIVED' | 'UPDATED';
  readonly message: InboxMessageRecord;
  readonly unreadCount: number;
}
