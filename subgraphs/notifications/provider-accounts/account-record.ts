/** What is kept of providers and of workspaces' accounts with them. */
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import type { Actor } from '../audit/actor.ts';

/** A provider as dispatchers tell of it at their start; `_id` is its id. */
export interface ProviderDefinitionRecord {
  readonly _id: string;
  readonly name: string;
  readonly channels: readonly Channel[];
  /** JSON Schema (2020-12) of an account's configuration. Text, for MongoDB gives `$` at the start of a name a meaning. */
  readonly configSchema: string;
  /** Fields of the configuration that hold a secret, or some within. */
  readonly secretFields: readonly string[];
  /** Fields that only operators of the first workspace may set: they say what is reached from Herald's own network. */
  readonly installationFields: readonly string[];
  /** Fields that say where secrets are sent. */
  readonly destinationFields: readonly string[];
  /** Only operators of the first workspace may have accounts of it. */
  readonly installation: boolean;
  /** Whether its vendor sends receipts to an address of the account. Unknown to dispatchers of an older Herald. */
  readonly receipts?: boolean;
  readonly publishedAt: Date;
}

/** Times of the day, `HH:MM`; `to` may be on the next day. */
export interface AllowedHours {
  readonly from: string;
  readonly to: string;
  /** IANA name. */
  readonly timezone: string;
}

/** A workspace's account with a provider as stored; `_id` is the scoped key. */
export interface ProviderAccountRecord {
  readonly _id: string;
  readonly workspace: string;
  readonly id: string;
  readonly provider: string;
  /** Those that it serves; absent: all that its provider can. */
  readonly channels?: readonly Channel[];
  /** JSON of the configuration without its secrets. */
  readonly config: string;
  /** By field, sealed: JSON of the value. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Lower ones first. */
  readonly order: number;
  /** Share of the messages among those of the same order. */
  readonly weight: number;
  /** The apps that may send through it; absent: all. */
  readonly apps?: readonly string[];
  readonly ratePerSecond?: number;
  readonly dailyQuota?: number;
  readonly allowedHours?: AllowedHours;
  readonly enabled: boolean;
  /** Another one after each change, also after it was deleted and made anew. */
  readonly revision: string;
  /** Why a dispatcher cannot use this revision. */
  readonly problem?: string;
  /** Why no receipts come to a dispatcher that listens for them. */
  readonly receiptsProblem?: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Who changed it last. */
  readonly by: Actor;
}
