/** What the templates subgraph stores. */
import type { Channel } from '../../../platform/graphql/contract-enums.ts';

/** A button: Handlebars sources. */
export interface StoredAction {
  readonly title: string;
  readonly url: string;
}

/** Handlebars sources for one channel and locale. */
export interface StoredContent {
  readonly channel: Channel;
  readonly locale?: string;
  readonly title?: string;
  readonly body: string;
  readonly html?: string;
  readonly url?: string;
  readonly imageUrl?: string;
  readonly actions?: readonly StoredAction[];
  /** Of the body. Absent: text. */
  readonly format?: 'MARKDOWN';
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
  /** Data to try it with, serialised; without it, the examples of its variables. */
  readonly sample?: string;
  /** Partials that its sources call. */
  readonly calls?: readonly string[];
}
/** What is saved; a version, which never changes, has besides all that it is rendered with. */
export interface TemplateBody extends TemplateSummary {
  readonly contents: readonly StoredContent[];
  /** Of a version: the contents as they are rendered, where that is not as they were written. */
  readonly compiled?: readonly StoredContent[];
  /** Of a version: sources of the partials that it uses, by name. */
  readonly partials?: Readonly<Record<string, string>>;
  /** Of a version that asks for them: its package's settings, serialised. */
  readonly settings?: string;
}

/** A source that templates share. */
export interface PartialSummary {
  readonly name: string;
  /** Partials that it calls. */
  readonly calls?: readonly string[];
}
export interface PartialBody extends PartialSummary {
  readonly source: string;
}

/** The version that something has in a version of its package. */
export interface MemberVersion {
  readonly id: string;
  readonly version: number;
}
/** What belongs to a version of a package, each by id. */
export interface PackageMembers {
  readonly templates: readonly MemberVersion[];
  readonly routes: readonly MemberVersion[];
  readonly partials: readonly MemberVersion[];
}
export interface PackageSummary {
  readonly name: string;
  readonly description?: string;
  /** A JSON object, serialised. */
  readonly settings: string;
}
export interface PackageBody extends PackageSummary {
  /** Of a version. */
  readonly members?: PackageMembers;
}

/**
 * Something with a draft and a published version. A save changes this one document; publishing is a transaction.
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
  readonly publishedBy?: string;
  readonly publishedNote?: string;
  /** The version whose content the published one has again. */
  readonly publishedRestores?: number;
  /** scopedKey(workspace, package) of the package that it belongs to. */
  readonly packageKey?: string;
  /** Its package is published without it the next time. */
  readonly removing?: true;
  /** It was removed: only its versions are left. */
  readonly withdrawn?: true;
  /** scopedKey of all that the draft and the published version use; may have more until the next publish. */
  readonly uses?: readonly string[];
  readonly updatedAt: Date;
}

/** What is known of a published version beside its content. */
export interface VersionStamp {
  readonly version: number;
  readonly publishedAt: Date;
  /** The name of the operator's key. */
  readonly publishedBy?: string;
  readonly note?: string;
  /** The version whose content it has again. */
  readonly restores?: number;
}

/** A version that was published and has been replaced since. Immutable. */
export interface VersionRecord<Body> extends VersionStamp {
  /** `workspace:id:version` */
  readonly _id: string;
  readonly workspace: string;
  readonly id: string;
  readonly body: Body;
}
