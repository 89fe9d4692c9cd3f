/** What is kept of a delivery that became FAILED: everything that finding it and deciding about it needs. */
import type { Channel, Priority } from '../../../platform/graphql/contract-enums.ts';

export const DEAD_LETTER_STATES = ['OPEN', 'REPLAYED', 'DISCARDED', 'SUPERSEDED'] as const;
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number];

/** A dead letter as stored. One for each FAILED delivery, for ever: who decided what about it stays with it. */
export interface DeadLetterRecord {
  /** The delivery's id. */
  readonly _id: string;
  readonly workspace: string;
  readonly app: string;
  readonly notification: string;
  readonly channel: Channel;
  /** The provider that refused it last; `template` where the words could not be rendered. */
  readonly provider?: string;
  readonly user?: string;
  readonly template?: string;
  readonly event?: string;
  readonly category?: string;
  readonly priority: Priority;
  /** The error code of the last attempt, `CHANNEL_*`. */
  readonly reason: string;
  /** What the provider said at the last attempt. */
  readonly lastError?: string;
  readonly attempts: number;
  readonly failedAt: Date;
  readonly state: DeadLetterState;
  readonly resolvedBy?: string;
  readonly resolvedAt?: Date;
  /** Why it was replayed or discarded, in the words of who did it. */
  readonly resolvedReason?: string;
  /** The notification that sends it again. */
  readonly replay?: string;
  /** The delivery of its fallback chain that had success. */
  readonly supersededBy?: string;
  /** Keys of the lists in which it is found (see list-keys.ts). */
  readonly byWorkspace: string;
  readonly byApp: string;
  readonly byNotification: string;
}
