/** What the templates subgraph stores. */
import type { Channel, Priority } from '../../../platform/graphql/contract-enums.ts';
import type { FallbackStep, RouteRecipient } from '../contract.ts';

/** Handlebars sources for one channel and locale. */
export interface StoredContent {
  readonly channel: Channel;
  readonly locale?: string;
  readonly title?: string;
  readonly body: string;
  readonly html?: string;
  readonly url?: string;
  /** Absent: what is too large is refused. */
  readonly oversize?: 'TRUNCATE';
  /** Of an SMS that is cut. */
  readonly maxSegments?: number;
}

/** A template without its sources: what lists show. */
export interface TemplateSummary {
  readonly name: string;
  readonly category?: string;
  /** In the order of the sources. */
  readonly channels: readonly Channel[];
  /** JSON Schema, serialised: its names may start with `$` or have dots, which are operators and paths to MongoDB. */
  readonly variables?: string;
}
export interface TemplateBody extends TemplateSummary {
  readonly contents: readonly StoredContent[];
}

export interface RouteBody {
  readonly template: string;
  /** Empty: the template's, unless there is a fallback chain. */
  readonly channels: readonly Channel[];
  readonly fallback?: readonly FallbackStep[];
  readonly priority: Priority;
  readonly category?: string;
  readonly delaySeconds: number;
  readonly recipients: readonly RouteRecipient[];
}

/**
 * Something with a draft and a published version. All that changes at a save or a publish is in this one
 * document, so that both are atomic without a transaction.
 */
export interface HeadRecord<Body> {
  /** scopedKey(workspace, id) */
  readonly _id: string;
  readonly workspace: string;
  readonly id: string;
  /** The number that the draft has, or that the next one gets. */
  readonly nextVersion: number;
  /** Grows with each change: a publish takes effect only on what it has read. */
  readonly revision: number;
  readonly draft?: Body;
  readonly published?: Body;
  readonly publishedVersion?: number;
  readonly publishedAt?: Date;
  readonly updatedAt: Date;
}

/** A version that was published and has been replaced since. Immutable. */
export interface VersionRecord<Body> {
  /** `workspace:id:version` */
  readonly _id: string;
  readonly workspace: string;
  readonly id: string;
  readonly version: number;
  readonly body: Body;
  readonly publishedAt: Date;
}
