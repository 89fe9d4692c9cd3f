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

/** A fixed recipient of a route: exactly one of user, group, or channel with address. */
export interface RouteRecipient {
  readonly user?: string;
  readonly group?: string;
  readonly channel?: Channel;
  readonly address?: string;
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

/** What an event type does: the published version of a route. */
export interface PublishedRoute {
  readonly event: string;
  readonly version: number;
  readonly template: string;
  /** Empty: the template's, unless there is a fallback chain. */
  readonly channels: readonly Channel[];
  /** For users and groups: channels tried one after the other, beside `channels`. */
  readonly fallback?: readonly FallbackStep[];
  readonly priority: Priority;
  readonly category?: string;
  readonly delaySeconds: number;
  readonly recipients: readonly RouteRecipient[];
  /** By id: the versions of its package's templates that it was published with. Others are sent as they are published. */
  readonly pins?: Readonly<Record<string, number>>;
}

export interface TemplatesService {
  /** The published version; cached, and current on every process within moments of a publish. */
  publishedTemplate(workspace: string, id: string): Promise<CompiledTemplate | undefined>;
  /** A given version, published or once published. */
  templateVersion(workspace: string, id: string, version: number): Promise<CompiledTemplate | undefined>;
  /** The published version; cached likewise. */
  publishedRoute(workspace: string, event: string): Promise<PublishedRoute | undefined>;
}
