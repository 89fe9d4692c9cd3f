/** What other rooms get from the users subgraph. */
import type { Principal } from '../../platform/auth/principal.ts';
import type { Channel } from '../../platform/graphql/contract-enums.ts';

/** A browser that takes web push. */
export interface PushDevice {
  readonly id: string;
  readonly endpoint: string;
  /** base64url, as `PushSubscription.toJSON()` gives them. */
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/** Whether a category may be sent on a channel; an absent category or channel means all. */
export interface Preference {
  readonly category?: string;
  readonly channel?: Channel;
  readonly enabled: boolean;
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
}

export interface UsersService {
  /** Those of `ids` that are not users of the workspace. */
  missingUsers(workspace: string, ids: readonly string[]): Promise<string[]>;
  /** Those of `groups` that have no member. */
  emptyGroups(workspace: string, groups: readonly string[]): Promise<string[]>;
  /** Ids of a group's members, ascending, after `after`; at most `limit`. */
  groupMembers(workspace: string, group: string, after: string | undefined, limit: number): Promise<string[]>;
  /** By user id; ids that are not there are absent from the map. */
  recipients(workspace: string, ids: readonly string[]): Promise<Map<string, Recipient>>;
  /** Removes devices whose push service said that they are gone. */
  removeDevices(workspace: string, deviceIds: readonly string[]): Promise<void>;
  /** Whose credential has this SHA-256 hash (hex), not revoked. */
  principalByKeyHash(hash: string): Promise<Principal | undefined>;
}
