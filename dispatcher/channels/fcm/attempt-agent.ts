/**
 * The connections of the SDK's requests. The SDK names no way to end a request, repeats some on its own, and knows one
 * host; an `httpAgent` is what it lets us give. So this one ends a request with its attempt, lets an attempt make one
 * request only, sees when it leaves and what comes back, and goes to the API's configured address.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent } from 'node:https';
import { connect } from 'node:net';
import { VENDOR_CONNECTIONS } from '../network/vendor-http.ts';

/** One attempt, and what its request came to. */
export class Attempt {
  readonly signal: AbortSignal;
  readonly accessToken: string;
  /** Rejects when the signal aborts or the answer breaks off: of neither does the SDK tell. */
  readonly failed: Promise<never>;
  readonly fail: (error: unknown) => void;
  /** The request was made: there is no second one. */
  asked = false;
  /** It began to be written to a connection that was there. */
  left = false;
  /** Of the answer, what the SDK does not tell in each case. */
  answer: { readonly status: number; readonly retryAfter: string | undefined } | undefined;
  /** Why there was no answer. */
  error: unknown;
  readonly #onAbort: () => void;

  constructor(signal: AbortSignal, accessToken: string) {
    this.signal = signal;
    this.accessToken = accessToken;
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    this.fail = reject;
    // Nobody may be waiting for it any more.
    promise.catch(() => undefined);
    this.#onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Its outcome is known. */
  end(): void {
    this.signal.removeEventListener('abort', this.#onAbort);
  }
}

/** Idle connections are closed before the other side does it while a request is on its way. */
const IDLE_MS = 50_000;

/** What Node asks of every agent, and its types leave out: takes a request that is about to be sent. */
type AddRequest = (this: Agent, request: ClientRequest, options: object) => void;
const addToAgent: AddRequest = Reflect.get(Agent.prototype, 'addRequest');

export class AttemptAgent extends Agent {
  readonly #base: URL;
  readonly #at: { readonly host: string; readonly port: number };
  readonly #attempts = new AsyncLocalStorage<Attempt>();

  /** @param baseUrl where requests go, whatever host they name. */
  constructor(baseUrl: string) {
    super({ keepAlive: true, maxSockets: VENDOR_CONNECTIONS, timeout: IDLE_MS });
    this.#base = new URL(baseUrl);
    const { protocol, hostname, port } = this.#base;
    this.#at = {
      // Without the brackets of an IPv6 address.
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || (protocol === 'https:' ? 443 : 80),
    };
  }

  /** Runs what makes the request of an attempt. */
  run<T>(attempt: Attempt, make: () => Promise<T>): Promise<T> {
    return this.#attempts.run(attempt, make);
  }

  addRequest(request: ClientRequest, options: object): void {
    const attempt = this.#attempts.getStore();
    if (attempt === undefined || attempt.asked || attempt.signal.aborted) {
      // No error that the SDK would try again after.
      setImmediate(() => request.emit('error', new Error('not another request')));
      return;
    }
    attempt.asked = true;
    this.#follow(request, attempt);
    const { host, pathname } = this.#base;
    request.setHeader('host', host);
    request.setHeader('authorization', `Bearer ${attempt.accessToken}`);
    request.path = `${pathname.replace(/\/$/, '')}${request.path}`;
    addToAgent.call(this, request, { ...options, ...this.#at, hostname: this.#at.host });
  }

  override createConnection(...args: Parameters<Agent['createConnection']>) {
    if (this.#base.protocol === 'https:') return super.createConnection(...args);
    return connect(this.#at);
  }

  #follow(request: ClientRequest, attempt: Attempt): void {
    const connected = this.#base.protocol === 'https:' ? 'secureConnect' : 'connect';
    const end = () => request.destroy(new Error('the attempt is over'));
    attempt.signal.addEventListener('abort', end, { once: true });
    request.once('close', () => attempt.signal.removeEventListener('abort', end));
    request.once('socket', (socket) => {
      if (request.reusedSocket) attempt.left = true;
      else socket.once(connected, () => (attempt.left = true));
    });
    request.once('error', (error) => (attempt.error = error));
    request.prependOnceListener('response', (response: IncomingMessage) => {
      attempt.answer = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
      // With it the SDK would wait and then ask again.
      delete response.headers['retry-after'];
      response.once('close', () => {
        if (!response.complete) attempt.fail(new Error('the answer broke off'));
      });
    });
  }
}
