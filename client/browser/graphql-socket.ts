/**
 * One connection by graphql-transport-ws (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md), as much of
 * it as an inbox needs. It connects once: whoever opened it decides what happens after its end.
 */
import { browser, type SocketLike } from './environment.ts';
import { asInboxError, connectionError, errorOf, HeraldInboxError, UNAUTHENTICATED } from './inbox-error.ts';
import type { Operation } from './operations.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 15_000;
const PING_EVERY_MS = 20_000;
const PONG_WITHIN_MS = 10_000;
/** Close codes by which a server refuses credentials. */
const REFUSED = new Set([4401, 4403]);

interface Running {
  next(data: unknown): void;
  error(error: HeraldInboxError): void;
  complete(): void;
}

export interface SocketOptions {
  /** Of Herald: `/graphql` is added where it is missing, and the protocol becomes ws or wss. */
  readonly url: string;
  readonly token: string;
}

/** The address of the graph's WebSocket. @throws TypeError when `url` is none. */
export function socketUrl(url: string): string {
  const graph = new URL(url);
  graph.protocol = graph.protocol.replace('http', 'ws');
  if (!graph.pathname.endsWith('/graphql')) graph.pathname = `${graph.pathname.replace(/\/$/, '')}/graphql`;
  return graph.href;
}

export class GraphqlSocket {
  readonly #socket: SocketLike;
  readonly #running = new Map<string, Running>();
  readonly #acknowledge: () => void;
  readonly #finish: (error: HeraldInboxError) => void;
  /** Resolves when Herald has taken the token. @throws HeraldInboxError CONNECTION or UNAUTHENTICATED. */
  readonly ready: Promise<void>;
  /** Resolves with the reason when the connection is over. Never rejects. */
  readonly ended: Promise<HeraldInboxError>;
  #over: HeraldInboxError | undefined;
  #ids = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ url, token }: SocketOptions) {
    let finish: (error: HeraldInboxError) => void = () => undefined;
    this.ended = new Promise((resolve) => {
      finish = resolve;
    });
    this.#finish = finish;
    let acknowledge: () => void = () => undefined;
    this.ready = new Promise((resolve, reject) => {
      acknowledge = resolve;
      void this.ended.then(reject);
    });
    this.#acknowledge = acknowledge;
    // Whoever only waits for the end need not look at `ready`.
    this.ready.catch(() => undefined);
    this.#socket = new browser.WebSocket(socketUrl(url), 'graphql-transport-ws');
    this.#socket.onopen = () =>
      this.#send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
    this.#socket.onmessage = ({ data }) => this.#receive(data);
    this.#socket.onclose = ({ code, reason }) => this.#end(closeError(code, reason));
    // A close follows always; without this a browser's error would be unhandled in Node.
    this.#socket.onerror = () => undefined;
    this.#expect(CONNECT_TIMEOUT_MS);
  }

  /** A query or mutation. @throws HeraldInboxError the first error of the answer, or CONNECTION. */
  request<T>(operation: Operation<T>, variables: object = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        stop();
        reject(connectionError(`Herald did not answer within ${REQUEST_TIMEOUT_MS} ms.`));
      }, REQUEST_TIMEOUT_MS);
      const stop = this.subscribe(operation, variables, {
        next: (data) => {
          clearTimeout(late);
          resolve(data);
        },
        error: (error) => {
          clearTimeout(late);
          reject(error);
        },
        complete: () => {
          clearTimeout(late);
          reject(connectionError('Herald ended the answer before it began.'));
        },
      });
    });
  }

  /** Returns what ends it; nothing is called after that, nor after `error` or `complete`. */
  subscribe<T>(
    operation: Operation<T>,
    variables: object,
    observer: { next(data: T): void; error(error: HeraldInboxError): void; complete(): void },
  ): () => void {
    if (this.#over) {
      observer.error(this.#over);
      return () => undefined;
    }
    this.#ids += 1;
    const id = String(this.#ids);
    this.#running.set(id, { ...observer, next: (data) => observer.next(data as T) });
    this.#send({ id, type: 'subscribe', payload: { query: operation, variables } });
    return () => {
      if (this.#running.delete(id) && !this.#over) this.#send({ id, type: 'complete' });
    };
  }

  /** Asks whether the other side is still there: without an answer in time the connection ends. */
  probe(withinMs = PONG_WITHIN_MS): void {
    if (this.#over) return;
    this.#send({ type: 'ping' });
    this.#expect(withinMs);
  }

  close(reason = connectionError('The connection was closed.')): void {
    this.#end(reason);
  }

  #receive(text: unknown): void {
    if (this.#over) return;
    let message: { type?: unknown; id?: unknown; payload?: unknown };
    try {
      message = JSON.parse(String(text)) as typeof message;
    } catch (error) {
      this.#end(asInboxError(error));
      return;
    }
    this.#quiet();
    const id = String(message.id);
    const running = this.#running.get(id);
    switch (message.type) {
      case 'connection_ack':
        this.#acknowledge();
        break;
      case 'ping':
        this.#send({ type: 'pong' });
        break;
      case 'next': {
        const { data, errors } = (message.payload ?? {}) as { data?: unknown; errors?: unknown };
        if (Array.isArray(errors) && errors.length > 0) this.#settle(id, errorOf(errors));
        else running?.next(data);
        break;
      }
      case 'error':
        this.#settle(id, errorOf(message.payload));
        break;
      case 'complete':
        this.#running.delete(id);
        running?.complete();
        break;
    }
  }

  #settle(id: string, error: HeraldInboxError): void {
    const running = this.#running.get(id);
    this.#running.delete(id);
    running?.error(error);
  }

  /** Something came: the next ping is due after a while. */
  #quiet(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.probe(), PING_EVERY_MS);
  }

  #expect(withinMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#end(connectionError(`Herald did not answer within ${withinMs} ms.`)),
      withinMs,
    );
  }

  #send(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  #end(error: HeraldInboxError): void {
    if (this.#over) return;
    this.#over = error;
    clearTimeout(this.#timer);
    this.#socket.onopen = null;
    this.#socket.close(1000);
    for (const id of [...this.#running.keys()]) this.#settle(id, error);
    this.#finish(error);
  }
}

const closeError = (code: number, reason: string): HeraldInboxError =>
  REFUSED.has(code)
    ? new HeraldInboxError({ code: UNAUTHENTICATED, message: 'The token was refused.' })
    : connectionError(`The connection to Herald was closed: ${code} ${reason}`.trimEnd());
