/** What the audit trail keeps. */
import type { Actor } from './actor.ts';

export const AUDIT_ACTIONS = [
  'REPLAY',
  'DISCARD',
  'CANCEL',
  'SAVE_PROVIDER_ACCOUNT',
  'ENABLE_PROVIDER_ACCOUNT',
  'DISABLE_PROVIDER_ACCOUNT',
  'DELETE_PROVIDER_ACCOUNT',
  'TEST_PROVIDER_ACCOUNT',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** One action as stored: never changed, never deleted by Herald. */
export interface AuditRecord {
  /** `<workspace>|<id>`: the trail of one workspace is one range of the primary key. */
  readonly _id: string;
  readonly workspace: string;
  readonly at: Date;
  readonly actor: Actor;
  readonly action: AuditAction;
  /** REPLAY and DISCARD: the deliveries acted upon; CANCEL: none. */
  readonly deliveries: readonly string[];
  /** The notifications they belong to; of a CANCEL the one that was stopped. */
  readonly notifications: readonly string[];
  /** REPLAY: the notifications that send again. */
  readonly replays?: readonly string[];
  /** How many deliveries were acted upon. */
  readonly count: number;
  readonly reason?: string;
  /** The provider account that was changed or tested. */
  readonly providerAccount?: string;
  /** The filter that chose them, as it was given. */
  readonly filter?: Record<string, unknown>;
  /** What was edited, as it was; only where one notification is concerned. */
  readonly before?: Record<string, unknown>;
  /** What was edited, as it is in the replay. */
  readonly after?: Record<string, unknown>;
}
