/** A delivery as it is stored. */
import type {
  Channel,
  DeliveryState,
  Priority,
  SkipReason,
} from '../../../platform/graphql/contract-enums.ts';
import type { QuietHours } from '../../../platform/quiet-hours/quiet-hours.ts';
import type { FallbackSuccess } from '../../templates/index.ts';
import type { MessageContent } from './notification-record.ts';

export interface AttemptRecord {
  readonly at: Date;
  readonly provider: string;
  readonly ok: boolean;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly latencyMs: number;
}

/** The quiet hours of a recipient as they were when the delivery was planned; without a zone in UTC. */
export type RespectedHours = QuietHours & {
  /** What would be tried first in them is SKIPPED instead of held. */
  readonly skip?: true;
};

/** A delivery's place in its recipient's fallback chain. */
export interface ChainPlace {
  /** The ids of all that can be sent, this one included. */
  readonly members: readonly string[];
  readonly step: number;
  /** What of this step makes the later ones needless; absent at the last one. */
  readonly success?: FallbackSuccess;
  /** How long the step before has; absent: until it has failed for good. Of a later step. */
  readonly afterSeconds?: number;
  /** Since when the step is tried; absent while it is held back. */
  readonly startedAt?: Date;
}

/** One recipient on one channel, as stored. */
export interface DeliveryRecord {
  readonly _id: string;
  readonly workspace: string;
  readonly app: string;
  readonly notification: string;
  /** True when it is the only delivery of its notification: its end is the notification's. */
  readonly sole: boolean;
  readonly channel: Channel;
  readonly user?: string;
  /** The scoped key of the user, for queries by user. */
  readonly userKey?: string;
  readonly address?: string;
  /** For WEB_PUSH: the browser, with its keys. For MOBILE_PUSH: the registered device, where it is one. */
  readonly device?: {
    readonly id: string;
    readonly keys?: { readonly p256dh: string; readonly auth: string };
  };
  readonly state: DeliveryState;
  readonly skipReason?: SkipReason;
  /** Where that was not known when it was planned. */
  readonly skippedAt?: Date;
  /** ALREADY_SENT: the notification that was sent. */
  readonly skippedFor?: string;
  /** DIGESTED: the bucket that it is in. */
  readonly digest?: string;
  /** Not attempted in them. */
  readonly quiet?: RespectedHours;
  /** Held back by quiet hours, the last time. */
  readonly held?: { readonly at: Date; readonly until: Date };
  readonly chain?: ChainPlace;
  /** The message of the event that it is, where there are several. */
  readonly action?: string;
  readonly provider?: string;
  readonly providerMessageId?: string;
  /** Attempts made. */
  readonly attempt: number;
  readonly attempts: readonly AttemptRecord[];
  readonly content?: MessageContent;
  readonly priority: Priority;
  readonly category?: string;
  readonly event?: string;
  readonly template?: string;
  /** The one-time password whose code is put in for the placeholder; it is attempted only while that lives. */
  readonly otp?: string;
  readonly createdAt: Date;
  readonly expiresAt?: Date;
  /** QUEUED: when it is due. SENDING: when its worker's claim ends. Null when final. */
  readonly nextAttemptAt: Date | null;
  /** Token of the worker that holds it; results are written only by its holder. */
  readonly fence?: string | null;
  /** Claims in a row that ended without an outcome, the present one included. */
  readonly claims?: number;
  readonly sentAt?: Date;
  readonly deliveredAt?: Date;
  readonly failedAt?: Date;
  readonly expiredAt?: Date;
  readonly canceledAt?: Date;
  readonly openedAt?: Date;
  readonly clickedAt?: Date;
}
