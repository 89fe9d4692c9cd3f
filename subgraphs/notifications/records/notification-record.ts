/** A notification as it is stored. */
import type { Channel, NotificationState, Priority } from '../../../platform/graphql/contract-enums.ts';
import type { FallbackStep } from '../../templates/index.ts';

/** A notification that waits in the plan queue of its priority, or one whose next look is a matter of time alone. */
export type PlanLane = Priority | 'TIMED';

/** One entry of `to`: exactly one of user, group, segment, or channel with address. */
export interface RecipientEntry {
  readonly user?: string;
  readonly group?: string;
  readonly segment?: string;
  readonly channel?: Channel;
  readonly address?: string;
}

/** Inline content, for a message that has no template. */
export interface InlineContent {
  readonly title?: string;
  readonly body: string;
  readonly html?: string;
  readonly url?: string;
  readonly imageUrl?: string;
  readonly data?: unknown;
}

/** A message in words, as it is sent. */
export interface MessageContent extends InlineContent {
  readonly locale: string;
}

/** One message of an event that has several: its template, and who gets it. */
export interface NotificationAction {
  readonly name: string;
  readonly template: string;
  readonly templateVersion: number;
  readonly to: readonly RecipientEntry[];
  readonly channels: readonly Channel[];
  readonly fallback?: readonly FallbackStep[];
  readonly addressesAreOne?: true;
  readonly recipientWhen?: string;
  readonly category?: string;
}

/** What a route does not send, and why: by the name of the action; without one the whole event. */
export interface PassedOver {
  readonly action?: string;
  readonly because: string;
}

/** What a route's rules do when a notification is planned; resolved when it was accepted. See docs/route-rules.md. */
export interface RouteRules {
  /** Taken from the event's data, e.g. the order's id: what `once` and `digest` tell apart. */
  readonly key?: string;
  /** Only the first notification of an event and key within the window is sent. */
  readonly once?: { readonly windowSeconds: number };
  /** Most messages of an event to one recipient within a window. */
  readonly throttle?: { readonly max: number; readonly windowSeconds: number };
  /** What happens to what would disturb somebody in his quiet hours. */
  readonly quietHours?: QuietHoursRule;
  /** Instead of a message for each event, one with all that came until then. */
  readonly digest?: DigestRule;
}

/** HOLD: sent when they end. SKIP: not sent. IGNORE: sent. */
export type QuietHoursRule = 'HOLD' | 'SKIP' | 'IGNORE';

/** A window begins with its first item; `at` is a time of the day (`HH:MM`) where the recipient lives. */
export type DigestRule = ({ readonly windowSeconds: number } | { readonly at: string }) & {
  /** Usually 1,000. */
  readonly maxItems?: number;
};

/** A notification as stored. The document is the outbox: state, and when to look at it next. */
export interface NotificationRecord {
  readonly _id: string;
  readonly workspace: string;
  readonly app: string;
  /** `workspace|app|idempotency key`, or the own id where the caller gave no key. Unique. */
  readonly idem: string;
  /** Of the input, where the caller gave a key. */
  readonly requestHash?: string;
  readonly state: NotificationState;
  readonly priority: Priority;
  readonly event?: string;
  readonly routeVersion?: number;
  readonly template?: string;
  readonly templateVersion?: number;
  readonly content?: InlineContent;
  readonly to: readonly RecipientEntry[];
  /** Asked for by the caller or the route; empty: the template's, else the recipient's preferred ones. */
  readonly channels: readonly Channel[];
  /** Channels tried one after the other, beside `channels`. */
  readonly fallback?: readonly FallbackStep[];
  /** CEL over user, data, event, now: who it does not hold for gets nothing. */
  readonly recipientWhen?: string;
  /** Of an event with several messages, or with none: they take the place of template, to, channels. */
  readonly actions?: readonly NotificationAction[];
  readonly passedOver?: readonly PassedOver[];
  /** While it waits for its delay: the value by which another event cancels it. */
  readonly cancelKey?: string;
  /** What waits and is cancelled by this event. */
  readonly cancels?: readonly { readonly event: string; readonly key: string }[];
  /** The events that this one brings about, when it is planned. */
  readonly followUps?: readonly {
    readonly event: string;
    readonly afterSeconds: number;
    /** Whom the caller named. */
    readonly to: readonly RecipientEntry[];
  }[];
  /** Of `sendTest`: to be looked at. */
  readonly isTest?: true;
  /** Of an event that another one has brought about. */
  readonly followUpOf?: string;
  /** How many have led to it, one by the other. */
  readonly followUpDepth?: number;
  /** The caller gave the fallback chain: the addresses in `to` are those of one person. */
  readonly addressesAreOne?: true;
  readonly data?: Record<string, unknown>;
  readonly category?: string;
  /** Of its route. */
  readonly rules?: RouteRules;
  readonly createdAt: Date;
  /** Not planned before: `sendAt`, or acceptance plus the route's delay. */
  readonly dueAt: Date;
  readonly sendAt?: Date;
  readonly expiresAt?: Date;
  /** When the sweeper looks at it if nothing else has happened; null when there is nothing left to do here. */
  readonly nextAttemptAt: Date | null;
  /** How the sweeper looks at it. */
  readonly lane: PlanLane;
  /** True when all deliveries are stored. */
  readonly planned: boolean;
  /** Token of the worker that makes first attempts before it stores the plan; see `Outbox.claimPlans`. */
  readonly planClaim?: string;
  /** How often such attempts were begun. More than none after a claim has run out: a worker died of it, or with it. */
  readonly claims?: number;
  /** How often the sweeper brought it back. */
  readonly looks?: number;
  /** How often its planning was begun after the sweeper had brought it back more than once. */
  readonly tries?: number;
  /** How far the expansion of groups has come; absent before the first page. */
  readonly planCursor?: string;
  readonly plannedAt?: Date;
  /** Absent before the first page of the plan. */
  readonly deliveryCount?: number;
  /** The channels of its deliveries, known when planned. */
  readonly usedChannels?: readonly Channel[];
  /** Token of a transaction that stored a page of the plan and had to know which notifications were its own. */
  readonly planFence?: string;
  readonly completedAt?: Date;
  readonly canceledAt?: Date;
  readonly canceledBy?: string;
  readonly expiredAt?: Date;
  /** That of the words, where the recipient's own does not count. */
  readonly locale?: string;
  /** The one-time password that it brings. Its words and data hold a placeholder for the code. */
  readonly otp?: NotificationOtp;
  /** Of a digest: the bucket that it was made of. */
  readonly digestOf?: string;
  readonly replayOf?: string;
  /** Of a replay: what is sent again; it is planned from this instead of from `to`. */
  readonly resend?: Resend;
  readonly replays?: readonly { readonly at: Date; readonly notification: string; readonly by: string }[];
}

/** What is told of a one-time password; nothing of it helps to guess the code. */
export interface NotificationOtp {
  readonly id: string;
  readonly purpose: string;
  readonly channel: Channel;
  readonly resendAfter: Date;
  readonly maskedAddress?: string;
}

/** Deliveries of `replayOf` that are sent again, each to the recipient, channel and address that it had. */
export interface Resend {
  readonly deliveries: readonly string[];
  /** Instead of the address that the one delivery had. */
  readonly address?: string;
  /** The words are made anew, from what was edited. Otherwise they are the original ones, where there were any. */
  readonly anew: boolean;
}
