/** Who did something, for the audit trail and the timeline. */
import type { AppPrincipal, OperatorPrincipal } from '../../../platform/auth/principal.ts';

export interface Actor {
  readonly kind: 'OPERATOR' | 'APP';
  /** Of an operator the id of the key, for names are not unique; of an app its id. */
  readonly id: string;
  readonly name: string;
}

export const actorOf = (principal: OperatorPrincipal | AppPrincipal): Actor =>
  principal.kind === 'operator'
    ? { kind: 'OPERATOR', id: principal.key, name: principal.name }
    : { kind: 'APP', id: principal.app, name: principal.app };
