/** What is stored for users, devices, apps, credentials and workspaces. */
import type { AppPermissions } from '../../../platform/auth/principal.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import type { QuietHours } from '../../../platform/quiet-hours/quiet-hours.ts';
import type { DeviceChannel, Preference, PushDevice, Recipient } from '../contract.ts';
import type { DevicePlatform } from '../input/device-input.ts';

/** `_id`: scoped key of the caller's id. */
export interface UserDocument {
  readonly _id: string;
  readonly workspace: string;
  readonly id: string;
  readonly name?: string;
  readonly locale?: string;
  readonly timezone?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly groups: string[];
  /** Scoped keys of `groups`: one index serves all workspaces. */
  readonly groupKeys: string[];
  /** JSON text: never queried, and a text keeps keys such as `$a` or `a.b`, and any depth. */
  readonly attributes: string;
  readonly addresses: { readonly channel: Channel; readonly address: string }[];
  readonly preferences: Preference[];
  readonly preferredChannels: Channel[];
  readonly quietHours?: QuietHours;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** When a live inbox of the user was last open, or the user was heard of otherwise. */
  readonly lastSeenAt?: Date;
  /** What the user opened and clicked: see activity/activity.ts. */
  readonly activity?: string;
}

/** A user without devices, which are kept apart: when those were seen is not in it, nor quiet hours but their own. */
export type UserRecord = Omit<Recipient, 'devices'>;

/** `_id`: derived from workspace and endpoint or token, so that one device is one whoever signs in there. */
export interface DeviceDocument {
  readonly _id: string;
  readonly workspace: string;
  /** Scoped key of the user. */
  readonly user: string;
  /** Absent of those that were stored before there were others than browsers. */
  readonly channel?: DeviceChannel;
  readonly endpoint: string;
  /** With `auth`: of browsers alone. */
  readonly p256dh?: string;
  readonly auth?: string;
  readonly userAgent?: string;
  /** Of browsers absent. */
  readonly platform?: DevicePlatform;
  readonly name?: string;
  readonly model?: string;
  readonly appVersion?: string;
  readonly createdAt: Date;
  /** Of its last registration. */
  readonly updatedAt: Date;
  /** Absent: not since its last registration. */
  readonly lastSeenAt?: Date;
}

/** A device as the graph shows it. */
export interface DeviceRecord extends PushDevice {
  readonly platform: DevicePlatform;
  readonly userAgent?: string;
  readonly name?: string;
  readonly model?: string;
  readonly appVersion?: string;
  readonly createdAt: Date;
}

/** `_id`: scoped key of the app's id. */
export interface AppDocument {
  readonly _id: string;
  readonly workspace: string;
  readonly id: string;
  readonly name: string;
  readonly rateLimitPerSecond: number;
  readonly may?: AppPermissions;
  readonly createdAt: Date;
  /** Workspace, time of creation and id: the order of pages. */
  readonly sortKey: string;
}
export type AppRecord = Pick<
  AppDocument,
  'workspace' | 'id' | 'name' | 'rateLimitPerSecond' | 'may' | 'createdAt' | 'sortKey'
>;

/** `_id`: SHA-256 of the secret in hex, so that a caller is found by the store's own key. */
export interface CredentialDocument {
  readonly _id: string;
  /** Key id (`key_…`), by which people name it. */
  readonly id: string;
  /** Whose it is: `operatorOwner` or `appOwner`. */
  readonly owner: string;
  readonly kind: 'app' | 'operator';
  readonly workspace: string;
  readonly app?: string;
  readonly name: string;
  readonly hint: string;
  readonly root: boolean;
  /** Its secret comes from the settings. */
  readonly fromSettings: boolean;
  readonly createdAt: Date;
  readonly revokedAt?: Date;
  /** `settings`: another secret took its place there. */
  readonly revokedBy?: 'operator' | 'settings';
}
export type KeyRecord = Pick<CredentialDocument, 'id' | 'name' | 'hint' | 'createdAt' | 'revokedAt'>;

/** `_id`: the workspace's id. */
export interface WorkspaceDocument {
  readonly _id: string;
  readonly name: string;
  readonly createdAt: Date;
  /** Of users who have none of their own. */
  readonly quietHours?: QuietHours;
  /** Grows with each revoked operator key: two at once conflict, and the last key stays. */
  readonly operatorKeyRevision: number;
}

/** Owner of a workspace's operator keys. */
export const operatorOwner = (workspace: string): string => `operator:${workspace}`;
/** Owner of an app's keys. */
export const appOwner = (workspace: string, app: string): string => `app:${workspace}:${app}`;
