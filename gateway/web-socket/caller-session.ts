/** Who is behind a WebSocket, and what ends when they may no longer listen. */
import type { Principal } from '../../platform/auth/principal.ts';
import { HeraldError } from '../../platform/errors/herald-error.ts';
import { newRequestId } from '../../platform/http/request-id.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { CallerAuthentication } from '../authentication/authenticator.ts';
import { tokenExpired } from '../authentication/user-tokens.ts';
import type { ResultSink } from '../subscriptions/result-sink.ts';

/** Longest delay of a Node timer (2^31 - 1 ms); longer ones fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

export class CallerSession {
  readonly #authenticator: CallerAuthentication;
  readonly #log: Logger;
  readonly #running = new Set<ResultSink>();
  readonly #stopListening: () => void;
  #authorization: string | undefined;
  #expiry: NodeJS.Timeout | undefined;

  constructor(authenticator: CallerAuthentication, log: Logger) {
    this.#authenticator = authenticator;
    this.#log = log;
    this.#stopListening = authenticator.onKeysChanged(() => void this.#recheck());
  }

  /**
   * Takes the credentials of `connection_init`; they hold for the socket's life.
   * @throws HeraldError as `Authenticator.authenticate`.
   */
  async signIn(authorization: string | undefined): Promise<void> {
    const principal = await this.#authenticator.authenticate(authorization, newRequestId());
    this.#authorization = authorization;
    if (principal?.kind === 'user') this.#endAt(principal.expiresAt);
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
    this.#running.add(sink);
    sink.onEnd(() => this.#running.delete(sink));
  }

  /** The socket is gone. */
  close(): void {
    clearTimeout(this.#expiry);
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
    for (const sink of [...this.#running]) sink.fail(error);
  }
}
