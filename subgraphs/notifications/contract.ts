/** What other rooms get from the notifications subgraph: its documents, and the steps of the outbox. */
import type { DeliveryEvent } from '../../platform/event-log/events.ts';
import type {
  Channel,
  DeliveryState,
  NotificationState,
  Priority,
  SkipReason,
} from '../../platform/graphql/contract-enums.ts';
import type { QueuedDelivery } from '../../platform/queues/enqueue-sends.ts';
import type { QuietHours } from '../../platform/quiet-hours/quiet-hours.ts';
import type { Guard } from '../../platform/storage/fenced-lock.ts';
import type { FallbackStep, FallbackSuccess } from '../templates/index.ts';

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

/** What became of one attempt, ready to be recorded. `attempt` counts it. */
export interface AttemptOutcome {
  readonly delivery: DeliveryRecord;
  readonly attempt: AttemptRecord;
  readonly result: /** `receipts`: the provider tells later what became of it. */
    | {
        readonly kind: 'sent';
        readonly providerMessageId?: string;
        readonly receipts?: true;
        /** Of the account, where its id alone is not the only one of its kind; see `providerAccountKey`. */
        readonly accountKey?: string;
      }
    | { readonly kind: 'retry'; readonly nextAttemptAt: Date }
    | { readonly kind: 'failed' };
}

/** What a provider tells later of a message that it took. */
export interface ReceivedReceipt {
  /** The same for each repeat of this receipt, and for no other of the account. */
  readonly key: string;
  readonly kind:
    | 'delivered'
    | 'deferred'
    | 'failed'
    | 'bounced'
    | 'complained'
    | 'unsubscribed'
    | 'opened'
    | 'clicked'
    | 'dismissed';
  /** Either of them says which message: the provider's id, or Herald's where the provider carried it. */
  readonly providerMessageId?: string;
  readonly delivery?: string;
  readonly at?: Date;
  readonly message?: string;
}

/**
 * What became of a receipt. `noted`: it changes nothing any more. `unknown`: nothing is known of its message.
 * `repeated` with its delivery: what else it leads to (`ReceiptStore.close`) was not said to be done.
 */
export type ReceiptResult =
  | {
      readonly kind: 'applied';
      readonly delivery: DeliveryRecord;
      /** What it changed. */
      readonly events: readonly DeliveryEvent[];
    }
  | { readonly kind: 'noted'; readonly delivery: DeliveryRecord }
  | { readonly kind: 'repeated'; readonly delivery?: DeliveryRecord }
  | { readonly kind: 'unknown' };

/** A delivery that its worker gives back untried: the provider is paused, or has no room. It counts as no attempt. */
export interface Deferral {
  readonly delivery: string;
  readonly until: Date;
}

/** What shares one send queue. */
export interface Lane {
  readonly channel: Channel;
  readonly priority: Priority;
}

/** One round of a sweep. */
export interface SweepRound {
  /** What was due before it is found. */
  readonly now: Date;
  /**
   * What waits in a queue is found only when it was due before this: before the oldest job that the queue holds, or it
   * is most likely still in there. `now` without.
   */
  readonly queuedBefore?: Date;
  /** When it is looked at again. */
  readonly nextLook: Date;
  /** Most documents. */
  readonly limit: number;
  /** Stops the writes of a sweeper that is no longer the elected one. */
  readonly guard?: Guard;
}

/** A notification that wants to be the only one of its event and key within a window. */
export interface OnceClaim {
  readonly notification: string;
  readonly workspace: string;
  readonly event: string;
  readonly key: string;
  readonly acceptedAt: Date;
  readonly windowSeconds: number;
}

/** A message that counts for what its recipient gets at most. */
export interface CountedMessage {
  readonly notification: string;
  readonly workspace: string;
  readonly event: string;
  /** Whoever it is: a user, or an address. */
  readonly recipient: string;
  /** When it was due: decides its window. */
  readonly at: Date;
  readonly max: number;
  readonly windowSeconds: number;
}

/** What the rules of routes remember. Asked again for the same notification, both answer the same. */
export interface RuleStore {
  /** By notification: the one that was sent instead. Those that are to be sent are not in it. */
  claimOnce(claims: readonly OnceClaim[]): Promise<ReadonlyMap<string, string>>;
  /** In their order: whether it is within what its recipient gets. One that is counts from now on. */
  countMessages(messages: readonly CountedMessage[]): Promise<readonly boolean[]>;
}

/** The steps of the outbox that workers run. Every step may run twice: the second run changes nothing. */
export interface Outbox {
  /** Notifications of `ids` that are due and not planned. Those past their expiry become EXPIRED instead. */
  duePlans(ids: readonly string[], now: Date): Promise<NotificationRecord[]>;
  /**
   * Claims notifications for one worker that begins their first attempts before it stores their plan, so that
   * plan and outcomes are one write. Returns those it got. A claim that runs out is ended by the sweeper.
   */
  claimPlans(ids: readonly string[], claim: string, leaseUntil: Date): Promise<ReadonlySet<string>>;
  /** Counts that the planning of these notifications begins. */
  countTries(ids: readonly string[]): Promise<void>;
  /**
   * Stores pages of plans: deliveries, in-app messages and the notification's progress in one transaction;
   * then tells live inboxes. Pages whose notification has moved on meanwhile (cancelled, planned by another
   * worker) are dropped. Returns what must be queued for sending, and which pages were stored.
   */
  storePlans(
    pages: readonly PlanPage[],
    now: Date,
  ): Promise<{ queued: QueuedDelivery[]; stored: ReadonlySet<string> }>;
  /** Deliveries by id, for planning a replay; those that are not there are left out. */
  originals(ids: readonly string[]): Promise<DeliveryRecord[]>;
  /** Claims deliveries for one worker until `leaseUntil`; those past their expiry become EXPIRED, cancelled ones CANCELED. */
  claim(
    ids: readonly string[],
    attempt: number,
    fence: string,
    now: Date,
    leaseUntil: Date,
  ): Promise<DeliveryRecord[]>;
  /** Keeps what a worker holds until `leaseUntil`, where its fence still holds. */
  renew(ids: readonly string[], fence: string, leaseUntil: Date): Promise<void>;
  /** Writes outcomes where the fence still holds, completes notifications, moves fallback chains on; returns what to queue. */
  record(outcomes: readonly AttemptOutcome[], fence: string): Promise<QueuedDelivery[]>;
  /** Gives claimed deliveries back untried, where the fence still holds. The sweeper brings them back when due. */
  defer(deferrals: readonly Deferral[], fence: string): Promise<void>;
  /** Puts off deliveries that nobody has claimed: they are due at `until`. The sweeper brings them back. */
  postpone(ids: readonly string[], attempt: number, until: Date): Promise<void>;
  /**
   * What is due and may be in no queue; moves its next look to `nextLook`. Ends claims that have run out.
   * @throws TurnLostError, and changes nothing more, when the guard says that another sweeper was elected.
   */
  sweepPlans(lane: PlanLane, round: SweepRound): Promise<{ id: string; priority: Priority }[]>;
  sweepDeliveries(lane: Lane, round: SweepRound): Promise<QueuedDelivery[]>;
}
