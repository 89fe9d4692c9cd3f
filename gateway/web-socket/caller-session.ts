/** Who is behind a WebSocket, and what ends when they may no longer listen. */
import { authScope, type Principal } from '../../platform/auth/principal.ts';
import { forbidden, HeraldError } from '../../platform/errors/herald-error.ts';
import { newRequestId } from '../../platform/http/request-id.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { CallerAuthentication } from '../authentication/authenticator.ts';
import { tokenExpired } from '../authentication/user-tokens.ts';
import { liveSubscriptions } from '../subscriptions/live-metrics.ts';
import type { ResultSink } from '../subscriptions/result-sink.ts';
import type { ConnectionCounts } from './connection-counts.ts';

/** Longest delay of a Node timer (2^31 - 1 ms); longer ones fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** Until when credentials hold. */
export interface Renewed {
  /** Only tokens end by themselves. */
  readonly expiresAt: Date | null;
}

export class CallerSession {
  readonly #authenticator: CallerAuthentication;
  readonly #log: Logger;
  readonly #counts: ConnectionCounts | undefined;
  readonly #running = new Set<ResultSink>();
  readonly #stopListening: () => void;
  #authorization: string | undefined;
  /** Undefined until signed in. */
  #scope: string | undefined;
  #leave: (() => void) | undefined;
  #closed = false;
  #renewals = 0;
  /** Why the credentials hold no longer: also for what was being opened when they ended. */
  #refused: HeraldError | undefined;
  #expiry: NodeJS.Timeout | undefined;

  /** @param counts of all connections, to be held against the limits. */
  constructor(authenticator: CallerAuthentication, log: Logger, counts?: ConnectionCounts) {
    this.#authenticator = authenticator;
    this.#log = log;
    this.#counts = counts;
    this.#stopListening = authenticator.onKeysChanged(() => void this.#recheck());
  }

  /**
   * Takes the credentials of `connection_init`.
   * @returns whether the caller may have one more connection.
   * @throws HeraldError as `Authenticator.authenticate`.
   */
  async signIn(authorization: string | undefined): Promise<boolean> {
    const principal = await this.#authenticator.authenticate(authorization, newRequestId());
    if (this.#closed) return true;
    const scope = authScope(principal);
    this.#leave = this.#counts?.enter(scope, principal?.kind);
    if (this.#counts && !this.#leave) return false;
    this.#authorization = authorization;
    this.#scope = scope;
    if (principal?.kind === 'user') this.#endAt(principal.expiresAt);
    return true;
  }

  /**
   * Goes on with other credentials of the same caller; what runs lives on until those end.
   * @throws HeraldError FORBIDDEN for those of somebody else, and as `Authenticator.authenticate`; the old ones hold.
   */
  async renew(authorization: string): Promise<Renewed> {
    const renewal = ++this.#renewals;
    const scope = this.#scope;
    if (scope === undefined) throw new HeraldError('UNAUTHENTICATED', 'Sign in first, by connection_init.');
    const principal = await this.#authenticator.authenticate(authorization, newRequestId());
    if (authScope(principal) !== scope)
      throw forbidden('These credentials are not of the caller who opened this connection.');
    const expiresAt = principal?.kind === 'user' ? principal.expiresAt : undefined;
    // The last one asked for holds, whichever was checked first.
    if (renewal === this.#renewals && !this.#closed) {
      this.#authorization = authorization;
      this.#refused = undefined;
      clearTimeout(this.#expiry);
      if (expiresAt !== undefined) this.#endAt(expiresAt);
    }
    return { expiresAt: expiresAt === undefined ? null : new Date(expiresAt * 1000) };
  }

  /**
   * Who sends an operation now: asked anew each time, because a key may be revoked while the socket is open.
   * @throws HeraldError as `Authenticator.authenticate`.
   */
  principal(requestId: string): Promise<Principal | undefined> {
    return this.#authenticator.authenticate(this.#authorization, requestId);
  }

  /** Ends `sink` with UNAUTHENTICATED when the token expires or the key is revoked. */
  watch(sink: ResultSink): void {
    liveSubscriptions.inc();
    this.#running.add(sink);
    sink.onEnd(() => {
      this.#running.delete(sink);
      liveSubscriptions.dec();
    });
    if (this.#closed) void sink.return();
    else if (this.#refused) sink.fail(this.#refused);
  }

  /** The socket is gone. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#expiry);
    this.#leave?.();
    this.#stopListening();
    for (const sink of [...this.#running]) void sink.return();
  }

  #endAt(expiresAt: number): void {
    const leftMs = expiresAt * 1000 - Date.now();
    if (leftMs <= 0) this.#endRunning(tokenExpired());
    else this.#expiry = setTimeout(() => this.#endAt(expiresAt), Math.min(leftMs, MAX_TIMER_MS)).unref();
  }

  async #recheck(): Promise<void> {
    const requestId = newRequestId();
    try {
      await this.principal(requestId);
    } catch (error) {
      if (error instanceof HeraldError && error.code === 'UNAUTHENTICATED') this.#endRunning(error);
      // Unknown is not refused: the next operation or the next change asks again.
      else this.#log.warn({ err: error, requestId }, 'WebSocket: credentials could not be checked again');
    }
  }

  #endRunning(error: HeraldError): void {
    this.#refused = error;
    for (const sink of [...this.#running]) sink.fail(error);
  }
}
