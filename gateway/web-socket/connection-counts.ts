/** How many connections each caller has on this gateway. */
import type { PrincipalKind } from '../../platform/auth/principal.ts';

export interface ConnectionLimits {
  /** Of one user. */
  readonly perUser: number;
  /** Of one app, of a workspace's operators, and of all who have no credentials. */
  readonly perKeyHolder: number;
}

export class ConnectionCounts {
  readonly #limits: ConnectionLimits;
  readonly #open = new Map<string, number>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /**
   * @param scope see `authScope`.
   * @returns to be called once when the connection is closed; nothing where the caller has as many as it may have.
   */
  enter(scope: string, kind: PrincipalKind | undefined): (() => void) | undefined {
    const open = this.#open.get(scope) ?? 0;
    if (open >= (kind === 'user' ? this.#limits.perUser : this.#limits.perKeyHolder)) return undefined;
    this.#open.set(scope, open + 1);
    return () => {
      const left = (this.#open.get(scope) ?? 1) - 1;
      if (left > 0) this.#open.set(scope, left);
      else this.#open.delete(scope);
    };
  }
}
