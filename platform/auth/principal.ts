/** Who is calling, and what they may do. */

import { forbidden, HeraldError } from '../errors/herald-error.ts';
import type { Channel } from '../graphql/contract-enums.ts';

/** What an app may send. What is absent is not limited. */
export interface AppPermissions {
  /** Event types; one that ends in `*` stands for all that begin so. */
  readonly events?: readonly string[];
  /** Template ids, likewise. */
  readonly templates?: readonly string[];
  /** Words of its own (`content`). */
  readonly content?: boolean;
  /** The channels that it may name; what an event's route sends is the operators' business. */
  readonly channels?: readonly Channel[];
}

/** A calling system, by its API key. */
export interface AppPrincipal {
  readonly kind: 'app';
  readonly workspace: string;
  readonly app: string;
  /** Id of the key used, for revocation and logs. */
  readonly key: string;
  /** Notifications that the app may send in a second. */
  readonly ratePerSecond: number;
  /** Everything without it. */
  readonly may?: AppPermissions;
}
/** A person who runs Herald, by an operator key. */
export interface OperatorPrincipal {
  readonly kind: 'operator';
  readonly workspace: string;
  readonly key: string;
  readonly name: string;
  /** May create workspaces: the operators of the first workspace. */
  readonly root: boolean;
}
/** A person who receives notifications, by a user token. */
export interface UserPrincipal {
  readonly kind: 'user';
  readonly workspace: string;
  readonly user: string;
  /** Unix time in seconds at which the token ends. */
  readonly expiresAt: number;
}
export type Principal = AppPrincipal | OperatorPrincipal | UserPrincipal;
export type PrincipalKind = Principal['kind'];

/** What every resolver of every subgraph gets as its context. One object per request. */
export interface RequestContext {
  readonly requestId: string;
  /** Absent when the caller gave no credentials. */
  readonly principal?: Principal;
  /** Headers of the caller, in lower case, that subgraphs of others are given (SUBGRAPHS). */
  readonly forwarded?: Readonly<Record<string, string>>;
}

const NAMES: Record<PrincipalKind, string> = {
  app: 'an API key',
  operator: 'an operator key',
  user: 'a user token',
};

/**
 * The caller, who must be of one of the given kinds.
 * @throws HeraldError UNAUTHENTICATED without credentials, FORBIDDEN with credentials of another kind.
 */
export function requirePrincipal<K extends PrincipalKind>(
  context: RequestContext,
  ...kinds: readonly K[]
): Extract<Principal, { kind: K }> {
  const { principal } = context;
  if (!principal)
    throw new HeraldError(
      'UNAUTHENTICATED',
      'Send credentials: "Authorization: Bearer <API key, operator key or user token>".',
    );
  if (!(kinds as readonly PrincipalKind[]).includes(principal.kind))
    throw forbidden(
      `This needs ${kinds.map((k) => NAMES[k]).join(' or ')}; the request came with ${NAMES[principal.kind]}.`,
    );
  return principal as Extract<Principal, { kind: K }>;
}

/** What a subgraph's answer may vary by: equal scopes may share one subscription. */
export const scopeOf = ({ principal, forwarded }: RequestContext): string =>
  forwarded ? JSON.stringify([authScope(principal), Object.entries(forwarded).sort()]) : authScope(principal);

/** The scope of a caller alone. */
export const authScope = (principal: Principal | undefined): string => {
  if (!principal) return 'anonymous';
  switch (principal.kind) {
    case 'app':
      return `app:${principal.workspace}:${principal.app}`;
    case 'operator':
      return `operator:${principal.workspace}${principal.root ? ':root' : ''}`;
    case 'user':
      return `user:${principal.workspace}:${principal.user}`;
  }
};
