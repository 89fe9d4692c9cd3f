/** What other rooms get from the users subgraph. */
import type { Principal } from '../../platform/auth/principal.ts';
import type { HeraldEvent } from '../../platform/event-log/events.ts';
import type { Channel } from '../../platform/graphql/contract-enums.ts';
import type { QuietHours } from '../../platform/quiet-hours/quiet-hours.ts';
import type { AddressStops, NewSuppression } from './suppressions/suppression-record.ts';

export type { AddressStops, NewSuppression };

/** What devices are reached on. */
export type DeviceChannel = Extract<Channel, 'WEB_PUSH' | 'MOBILE_PUSH'>;

/** A browser that takes web push, or an app on a phone that takes push messages. */
export interface PushDevice {
  readonly id: string;
  readonly channel: DeviceChannel;
  /** Its address on the channel: a browser's endpoint; an app's token as MOBILE_PUSH addresses are written. */
  readonly endpoint: string;
  /** Of browsers: base64url, as `PushSubscription.toJSON()` gives them. */
  readonly keys?: { readonly p256dh: string; readonly auth: string };
  /** When it was last registered or gave a sign of life; minutes exact. */
  readonly lastSeenAt: Date;
}

/** Whom a sign of life is of: a user, a device of the user's, or both. */
export interface SignOfLife {
  readonly workspace: string;
  readonly user?: string;
  /** Id of the device. */
  readonly device?: string;
}

/** Whether a category may be sent on a channel; an absent category or channel means all. */
export interface Preference {
  readonly category?: string;
  readonly channel?: Channel;
  readonly enabled: boolean;
}

/** How many messages a person has opened and clicked; recently: in the last 30 days (UTC), today included. */
export interface UserCounts {
  readonly opened: number;
  readonly clicked: number;
  readonly openedRecently: number;
  readonly clickedRecently: number;
}

/** Where the reading of a segment goes on. */
export interface SegmentPlace {
  /** Id of the user who was looked at last; absent: at the beginning. */
  readonly after?: string;
  /** The condition that the reading began with: a change meanwhile does not make half of one and half of another. */
  readonly when?: string;
}

export interface SegmentPage {
  /** Ids of the members among the users of this page, ascending: often fewer than it has users, or none. */
  readonly users: readonly string[];
  /** Absent on the last page. */
  readonly next?: SegmentPlace;
}

/** A person with all that deciding and rendering needs. */
export interface Recipient {
  readonly workspace: string;
  readonly id: string;
  readonly name?: string;
  readonly locale?: string;
  readonly timezone?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly groups: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Further addresses; `email` and `phone` are not repeated here. */
  readonly addresses: readonly { readonly channel: Channel; readonly address: string }[];
  readonly preferences: readonly Preference[];
  readonly preferredChannels: readonly Channel[];
  readonly devices: readonly PushDevice[];
  /** Their own, else the workspace's. */
  readonly quietHours?: QuietHours;
  /** Of the person and the devices together, minutes exact. Absent: never, as the next two. */
  readonly lastSeenAt?: Date;
  readonly lastOpenedAt?: Date;
  readonly counts?: UserCounts;
}

/** A person as callers describe them: the contract's `UserInput`. Null is the same as absent. */
export interface UserProfile {
  readonly id: string;
  readonly name?: string | null;
  readonly locale?: string | null;
  readonly timezone?: string | null;
  readonly email?: string | null;
  readonly phone?: string | null;
  readonly groups?: readonly string[] | null;
  readonly attributes?: unknown;
  readonly addresses?: readonly { readonly channel: Channel; readonly address: string }[] | null;
  readonly preferredChannels?: readonly Channel[] | null;
}

export interface UsersService {
  /** Those of `ids` that are not users of the workspace. */
  missingUsers(workspace: string, ids: readonly string[]): Promise<string[]>;
  /** Those of `groups` that have no member. */
  emptyGroups(workspace: string, groups: readonly string[]): Promise<string[]>;
  /** Ids of a group's members, ascending, after `after`; at most `limit`. */
  groupMembers(workspace: string, group: string, after: string | undefined, limit: number): Promise<string[]>;
  /** Those of `segments` that are not segments of the workspace. */
  missingSegments(workspace: string, segments: readonly string[]): Promise<string[]>;
  /**
   * Looks at the next `limit` users of the workspace, in the order of their ids: whoever the segment's condition holds
   * for now is a member. A segment that is not there has none.
   */
  segmentMembers(workspace: string, segment: string, from: SegmentPlace, limit: number): Promise<SegmentPage>;
  /** By user id; ids that are not there are absent from the map. */
  recipients(workspace: string, ids: readonly string[]): Promise<Map<string, Recipient>>;
  /** Removes devices whose push service said that they are gone. */
  removeDevices(workspace: string, deviceIds: readonly string[]): Promise<void>;
  /** Somebody is there. Written down later, many together, each at most once in ten minutes; never throws. */
  seen(sign: SignOfLife): void;
  /** What users did is added to what is known of them, later, many together; other events are left out. Never throws. */
  engaged(events: readonly HeraldEvent[]): void;
  /** Nothing is sent to the address any more; or, of reason UNSUBSCRIBED, nothing of the category. Idempotent. */
  suppress(entry: NewSuppression): Promise<void>;
  /**
   * What speaks against these addresses, in their order; undefined where nothing does, and of all where the answer
   * is empty. What was said elsewhere counts within milliseconds.
   */
  suppressedOf(
    workspace: string,
    addresses: readonly { readonly channel: Channel; readonly address: string }[],
  ): Promise<readonly (AddressStops | undefined)[]>;
  /**
   * The user wants nothing more on this channel: of the category, or at all without one. Idempotent.
   * @returns whether there is such a user.
   */
  withdrawConsent(
    workspace: string,
    user: string,
    from: { readonly channel: Channel; readonly category?: string },
  ): Promise<boolean>;
  /** Whose credential has this SHA-256 hash (hex), not revoked. */
  principalByKeyHash(hash: string): Promise<Principal | undefined>;
}

/** What the start of a process makes sure of. All idempotent, and safe when several processes start at once. */
export interface UsersBootstrap {
  /** With its console app. */
  ensureWorkspace(id: string, name: string): Promise<void>;
  /**
   * The operator key from the settings. A former one from the settings is revoked; one that an operator has
   * revoked by hand stays revoked (logged).
   * @throws Error when the secret is in use for something else.
   */
  ensureOperatorKey(workspace: string, secret: string, options: { readonly root: boolean }): Promise<void>;
  /** An app with a key from the settings, which replaces a former one from the settings. @throws Error likewise. */
  ensureAppWithKey(app: {
    readonly workspace: string;
    readonly id: string;
    readonly name: string;
    readonly secret: string;
  }): Promise<void>;
  /** Creates the user where there is none of this id; one that is there stays as it is. */
  ensureUser(workspace: string, profile: UserProfile): Promise<void>;
}
