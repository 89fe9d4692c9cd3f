/** From an Authorization header to who is calling. */
import type { Principal, UserPrincipal } from '../../platform/auth/principal.ts';
import { HeraldError } from '../../platform/errors/herald-error.ts';
import type { InvalidationBus } from '../../platform/invalidation/invalidation-bus.ts';
import { readCredential } from './bearer.ts';
import type { KeyDirectory } from './key-directory.ts';

export interface AuthenticatorOptions {
  readonly keys: KeyDirectory;
  /** See `userTokenVerifier`. */
  verifyToken(token: string): Promise<UserPrincipal>;
  /** Tells when a key was made or revoked anywhere; without it only the caches' age bounds how long that takes. */
  readonly invalidations?: Pick<InvalidationBus, 'onInvalidation'> | undefined;
}

/** Finds out who calls. */
export type CallerAuthentication = Pick<Authenticator, 'authenticate' | 'onKeysChanged'>;

/** Where the gateway knows nobody: who calls is the subgraphs' own business. */
export const ANONYMOUS: CallerAuthentication = {
  authenticate: async () => undefined,
  onKeysChanged: () => () => undefined,
};

export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #listeners = new Set<() => void>();

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    options.invalidations?.onInvalidation(
      ({ topic }) => {
        if (topic === 'key') this.#keysChanged();
      },
      () => this.#keysChanged(),
    );
  }

  /**
   * @returns who is calling; nothing without credentials (resolvers decide what that may see).
   * @throws HeraldError UNAUTHENTICATED for malformed, unknown, revoked or expired credentials; UNAVAILABLE when
   * that cannot be found out.
   */
  async authenticate(authorization: string | undefined, requestId: string): Promise<Principal | undefined> {
    const credential = readCredential(authorization);
    if (!credential) return undefined;
    if (credential.kind === 'token') return this.#options.verifyToken(credential.text);
    const owner = await this.#options.keys.owner(credential.text, requestId);
    if (!owner) throw new HeraldError('UNAUTHENTICATED', 'The key is not known, or it was revoked.');
    return owner;
  }

  /** Calls `listener` whenever keys may have been revoked. @returns stops that. */
  onKeysChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #keysChanged(): void {
    this.#options.keys.forget();
    for (const listener of this.#listeners) listener();
  }
}
