/** What other rooms get from the templates subgraph. */
import type { Channel, Priority } from '../../platform/graphql/contract-enums.ts';

/** A message in words, for one channel and locale. */
export interface RenderedContent {
  readonly channel: Channel;
  /** The locale of the sources used, `default` where they name none. */
  readonly locale: string;
  readonly title?: string;
  readonly body: string;
  readonly html?: string;
  readonly url?: string;
  readonly imageUrl?: string;
  /** `actions`: buttons, each with title and url. What a provider is to have besides, under its name: the body in its own format. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A button of a message. */
export interface RenderedAction {
  readonly title: string;
  readonly url: string;
}

/** One version of a template, compiled. Immutable. */
export interface CompiledTemplate {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly category?: string;
  /** The channels it has content for, in the order of its sources. */
  readonly channels: readonly Channel[];
  /** What the template requires and `data` lacks or has wrong; `path` is relative to `data` (`order.id`), empty for `data` itself. */
  dataProblem(data: unknown): { readonly path: string; readonly message: string } | undefined;
  /**
   * @param variables `data`'s members, and `user`, `notification`, `data` (which win over members of the same name).
   * @throws Error when a source fails at render time (an unknown helper, an endless loop …).
   */
  render(
    channel: Channel,
    locale: string | undefined,
    variables: Readonly<Record<string, unknown>>,
  ): RenderedContent;
}

/** Whom an action of a route sends to: exactly one of caller, user, group, segment, userFrom, address or addressFrom (with channel). */
export interface RouteRecipient {
  /** Those whom the caller of the send names. */
  readonly caller?: true;
  readonly user?: string;
  readonly group?: string;
  readonly segment?: string;
  readonly channel?: Channel;
  readonly address?: string;
  /** Path in the event's data (`customer.id`) of a user's id, or of a list of them. */
  readonly userFrom?: string;
  /** Path in the event's data of an address, or of a list of them. */
  readonly addressFrom?: string;
}

/** One message of an event: a template, and who gets it. */
export interface RouteAction {
  /** Unique within the route. */
  readonly name: string;
  readonly template: string;
  /** Of a route in a package: what was published with it. */
  readonly templateVersion?: number;
  /** CEL over data, event, now: without it always. */
  readonly when?: string;
  readonly recipients: readonly RouteRecipient[];
  /** CEL over user, data, event, now, for each user. */
  readonly recipientWhen?: string;
  /** Empty: the template's, unless there is a fallback chain. */
  readonly channels: readonly Channel[];
  /** For users and groups: channels tried one after the other, beside `channels`. */
  readonly fallback?: readonly FallbackStep[];
  /** The route's without it. */
  readonly category?: string;
}

/** What happens to messages for people who want quiet now. */
export type QuietHoursRule = 'HOLD' | 'SKIP' | 'IGNORE';

/** How a route's events are collected into one message for each recipient. */
export interface DigestRule {
  /** From the first event. */
  readonly windowSeconds?: number;
  /** The next `HH:MM` in the recipient's time zone. */
  readonly at?: string;
  /** It is sent early when it has so many. */
  readonly maxItems?: number;
}

/** Another event that an event brings about. */
export interface FollowUp {
  readonly event: string;
  readonly afterSeconds: number;
  /** CEL over data, event, now. */
  readonly when?: string;
}

/**
 * How far a message has come. SENT: a provider took it. DELIVERED: its receipt says that it arrived (of IN_APP: it is
 * in the inbox). OPENED: it was read, opened or clicked.
 */
export type FallbackSuccess = 'SENT' | 'DELIVERED' | 'OPENED';

/** Channels of a fallback chain that are tried together. */
export interface FallbackStep {
  readonly channels: readonly Channel[];
  /** How long the step before has; absent: until it has failed for good. Of a step after the first one. */
  readonly afterSeconds?: number;
  /** What of the step before makes this one, and all after it, needless. Means nothing at the first one. */
  readonly unless: FallbackSuccess;
}

/** What an event type does. */
export interface RouteBody {
  /** CEL over data, event, now: where it is false the event does nothing. */
  readonly when?: string;
  /** Each for itself; none: the event only cancels others. */
  readonly actions: readonly RouteAction[];
  readonly priority: Priority;
  readonly category?: string;
  readonly delaySeconds: number;
  /** Events that cancel what still waits for its delay. */
  readonly cancelOn: readonly string[];
  /** Path in the data (`order.id`): what is cancelled, sent once, or collected goes by its value. */
  readonly key?: string;
  readonly once?: { readonly windowSeconds: number };
  readonly throttle?: { readonly max: number; readonly windowSeconds: number };
  readonly digest?: DigestRule;
  readonly quietHours: QuietHoursRule;
  readonly expiresAfterSeconds?: number;
  readonly followUps: readonly FollowUp[];
}

/** The published version of a route. */
export interface PublishedRoute extends RouteBody {
  readonly event: string;
  readonly version: number;
}

/** An event that cancels what waits: of which event, and where its data has the key. */
export interface Cancels {
  readonly event: string;
  readonly key: string;
}

/**
 * Somebody whom a preview is made for: their locale, and `user` of templates. Undefined where there is nobody of this
 * id.
 */
export type FindPerson = (
  workspace: string,
  user: string,
) => Promise<{ readonly locale?: string; readonly variables: Readonly<Record<string, unknown>> } | undefined>;

/** A version, or a draft, that is put into words off the event loop. */
export interface TestedTemplate {
  readonly channels: readonly Channel[];
  /**
   * One content for each of `channels`, which must be the template's.
   * @throws HeraldError BAD_USER_INPUT naming `data`, or what is missing or wrong in it (`data.order.id`).
   */
  words(wanted: {
    readonly channels: readonly Channel[];
    readonly locale?: string;
    readonly data: unknown;
    /** As the variables of these names. */
    readonly user: Readonly<Record<string, unknown>>;
    readonly notification: Readonly<Record<string, unknown>>;
  }): Promise<RenderedContent[]>;
}

/** What there is of what routes and packages refer to, besides templates. */
export interface Directory {
  hasWorkspace(id: string): Promise<boolean>;
  /** Those of `ids` that are not users of the workspace. */
  missingUsers(workspace: string, ids: readonly string[]): Promise<string[]>;
  /** Those of `groups` that have no member. */
  emptyGroups(workspace: string, groups: readonly string[]): Promise<string[]>;
  /** Those of `ids` that are not segments of the workspace. */
  missingSegments(workspace: string, ids: readonly string[]): Promise<string[]>;
}

export interface TemplatesService {
  /**
   * The draft where no version is named and there is one. For tests that are put into words at once: nothing else may
   * send a draft.
   * @throws HeraldError NOT_FOUND; BAD_USER_INPUT naming what cannot be compiled.
   */
  testedTemplate(workspace: string, id: string, version?: number): Promise<TestedTemplate>;
  /** The published version; cached, and current on every process within moments of a publish. */
  publishedTemplate(workspace: string, id: string): Promise<CompiledTemplate | undefined>;
  /** A given version, published or once published. */
  templateVersion(workspace: string, id: string, version: number): Promise<CompiledTemplate | undefined>;
  /** The published version; cached likewise. */
  publishedRoute(workspace: string, event: string): Promise<PublishedRoute | undefined>;
  /** What waits for its delay and is cancelled by this event, by published routes; cached likewise. */
  cancelledBy(workspace: string, event: string): Promise<readonly Cancels[]>;
}
