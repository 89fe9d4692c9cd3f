/** What a planner hands over to be stored. */
import type { Channel, SkipReason } from '../../../platform/graphql/contract-enums.ts';
import type { ChainPlace, DeliveryRecord, RespectedHours } from '../records/delivery-record.ts';
import type {
  MessageContent,
  NotificationAction,
  NotificationRecord,
  QuietHoursRule,
  RecipientEntry,
} from '../records/notification-record.ts';
import type { AttemptOutcome } from './attempt-outcome.ts';

/** A planned delivery: what the planner hands over to be stored. */
export interface PlannedDelivery {
  readonly channel: Channel;
  readonly user?: string;
  readonly address?: string;
  readonly device?: DeliveryRecord['device'];
  /** Why it is not attempted; absent when it is. */
  readonly skipReason?: SkipReason;
  /** The message of the event that it is, where there are several. */
  readonly action?: Pick<NotificationAction, 'name' | 'template' | 'category'>;
  /** ALREADY_SENT: the notification that was sent. */
  readonly skippedFor?: string;
  readonly chain?: PlannedChainPlace;
  /** Not attempted in them. */
  readonly quiet?: RespectedHours;
  /** They are now: no attempt is begun before it is stored. */
  readonly held?: true;
  /** Why the message could not be put into words: the delivery fails at once. */
  readonly renderError?: string;
  readonly content?: MessageContent;
  /** The id it will have, where that was made out before. */
  readonly id?: string;
  /** Its first attempt, begun before the plan is stored. */
  readonly begun?: BegunAttempt;
}

/** A place in a fallback chain, before it is known when that begins. */
export type PlannedChainPlace = Omit<ChainPlace, 'startedAt'> & {
  /** An earlier step is tried first. */
  readonly waits: boolean;
};

/** An attempt at a delivery that is not stored yet. */
export type BegunAttempt =
  | { readonly kind: 'ended'; readonly outcome: Pick<AttemptOutcome, 'attempt' | 'result'> }
  /** Still under way: the delivery is stored as claimed by its worker. */
  | { readonly kind: 'underWay'; readonly fence: string; readonly leaseUntil: Date };

/** How a digest is sent: as its first item would have been. */
export type DigestSending = Pick<
  NotificationRecord,
  | 'routeVersion'
  | 'template'
  | 'content'
  | 'channels'
  | 'fallback'
  | 'addressesAreOne'
  | 'priority'
  | 'category'
> & {
  readonly quietHours?: QuietHoursRule;
  /** After it was made. */
  readonly expiresInMs?: number;
};

/** What is collected for one recipient instead of being sent: his deliveries are SKIPPED, DIGESTED. */
export interface PlannedDigestItem {
  /** The same for all that comes into one digest after the other. */
  readonly series: string;
  readonly to: readonly RecipientEntry[];
  readonly sendAs: DigestSending;
  /** When a digest that begins with it is due. */
  readonly dueAt: Date;
  readonly maxItems: number;
  /** The ids of the deliveries that it stands for. */
  readonly deliveries: readonly string[];
}

/** One page of a notification's plan. */
export interface PlanPage {
  readonly notification: NotificationRecord;
  /** Token under which the notification was claimed; a page of one that has lost it is dropped. */
  readonly claim?: string;
  /** Attempts were begun without a claim, before the sweeper's first look; a page of one it has looked at is dropped. */
  readonly beforeFirstLook?: true;
  readonly templateVersion?: number;
  readonly deliveries: readonly PlannedDelivery[];
  readonly digestItems?: readonly PlannedDigestItem[];
  /** Where the next page starts; absent on the last page. */
  readonly nextCursor?: string;
}
