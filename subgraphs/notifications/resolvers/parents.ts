/** What connection resolvers get as parents. */
import type { ConnectionRecord } from '../../../platform/graphql/connections.ts';
import type { DeadLetterRecord } from '../dead-letters/dead-letter-record.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { InboxMessageRecord } from '../records/inbox-message-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';

/** Counting is done only when it is asked for. */
export interface NotificationPage extends ConnectionRecord<NotificationRecord> {
  count(): Promise<number>;
}
export interface DeliveryPage extends ConnectionRecord<DeliveryRecord> {
  count(): Promise<number>;
}
export interface DeadLetterPage extends ConnectionRecord<DeadLetterRecord> {
  count(): Promise<number>;
}
/** A user as this subgraph knows one. */
export interface UserReference {
  readonly id: string;
}
export type InboxPage = ConnectionRecord<InboxMessageRecord>;
