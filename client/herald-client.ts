/** Herald for Node: requests over HTTP, subscriptions over WebSocket. */
import { type Client, createClient, type ExecutionResult } from 'graphql-ws';
import { WebSocket } from 'ws';
import { type GraphQLResponseError, HeraldConnectionError, HeraldRequestError } from './errors.ts';
import type {
  AddDeviceMutation,
  AddDeviceMutationVariables,
  DropDeviceMutation,
  RequestOtpMutation,
  SendMutation,
  SendMutationVariables,
  VerifyOtpMutation,
} from './generated/operations.ts';
import {
  type OtpCode,
  type OtpInput,
  type OtpRequested,
  type OtpVerified,
  REQUEST_OTP,
  requestedOf,
  VERIFY_OTP,
  verifiedOf,
} from './one-time-passwords.ts';

export interface HeraldClientOptions {
  /** Where Herald is: `https://herald.example.com`, or the whole address of its `/graphql`. */
  readonly url: string;
  /** An API key, an operator key or a user token. */
  readonly apiKey: string;
  /** Longest that a request may take, in milliseconds. Default: 15,000. */
  readonly timeoutMs?: number;
}

export interface RequestOptions {
  /** Gives up the request. */
  readonly signal?: AbortSignal;
}

export interface SubscribeOptions {
  /** Ends the subscription: the iteration finishes. */
  readonly signal?: AbortSignal;
  /**
   * Told when the socket is open, and when it was lost and is opened again. The subscription then starts anew:
   * what happened in between is not repeated, unless its variables say from where.
   */
  readonly onStatus?: (status: 'connected' | 'reconnecting') => void;
}

/** What to send, to whom. See `SendNotificationInput` in the contract. */
export type SendInput = SendMutationVariables['input'];
/** A device that takes push messages. See `DeviceInput` in the contract. */
export type DeviceInput = AddDeviceMutationVariables['device'];
export interface Sent {
  /** The notification's id. */
  readonly id: string;
  readonly state: SendMutation['sendNotification']['notification']['state'];
  /** The idempotency key had been used: this is the notification of the first time. */
  readonly deduplicated: boolean;
}

const SEND = /* GraphQL */ `
  mutation Send($input: SendNotificationInput!) {
    sendNotification(input: $input) {
      deduplicated
      notification {
        id
        state
      }
    }
  }
`;

const ADD_DEVICE = /* GraphQL */ `
  mutation AddDevice($device: DeviceInput!, $user: ID) {
    registerDevice(device: $device, user: $user) {
      id
    }
  }
`;
const DROP_DEVICE = /* GraphQL */ `
  mutation DropDevice($id: ID!, $user: ID) {
    removeDevice(id: $id, user: $user)
  }
`;

const DEFAULT_TIMEOUT_MS = 15_000;
const PING_INTERVAL_MS = 15_000;
const MAX_RETRY_DELAY_MS = 10_000;

/** The address of the graph: `/graphql` is added where it is missing. */
export function graphUrl(url: string): URL {
  const graph = new URL(url);
  if (!graph.pathname.endsWith('/graphql')) graph.pathname = `${graph.pathname.replace(/\/$/, '')}/graphql`;
  return graph;
}

export class HeraldClient {
  readonly #url: URL;
  readonly #apiKey: string;
  readonly #timeoutMs: number;
  readonly #subscriptions = new Set<() => void>();

  /** @throws TypeError when `url` is none. */
  constructor({ url, apiKey, timeoutMs = DEFAULT_TIMEOUT_MS }: HeraldClientOptions) {
    this.#url = graphUrl(url);
    this.#apiKey = apiKey;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Sends one notification. When this returns, it is stored durably and will be delivered, or its failure
   * recorded. After a HeraldConnectionError repeat it with the same `idempotencyKey`: it is sent once.
   * @throws HeraldRequestError, HeraldConnectionError.
   */
  async send(input: SendInput, options: RequestOptions = {}): Promise<Sent> {
    const { sendNotification } = await this.request<SendMutation>(SEND, { input }, options);
    const { notification, deduplicated } = sendNotification;
    return { id: notification.id, state: notification.state, deduplicated };
  }

  /**
   * The device takes push messages for the user from now on, whoever's it was.
   * @param user absent with a user token: it speaks for its own.
   * @returns the device's id. @throws HeraldRequestError, HeraldConnectionError.
   */
  async registerDevice(device: DeviceInput, user?: string, options: RequestOptions = {}): Promise<string> {
    const { registerDevice } = await this.request<AddDeviceMutation>(ADD_DEVICE, { device, user }, options);
    return registerDevice.id;
  }

  /** @returns whether it was the user's. @throws HeraldRequestError, HeraldConnectionError. */
  async removeDevice(id: string, user?: string, options: RequestOptions = {}): Promise<boolean> {
    return (await this.request<DropDeviceMutation>(DROP_DEVICE, { id, user }, options)).removeDevice;
  }

  /**
   * Makes a one-time password and sends it; the former one of the same recipient and purpose ends.
   * @throws HeraldRequestError RATE_LIMITED (`retryAfterMs`) when codes are asked for too often. @throws
   * HeraldConnectionError: repeat it with the same `idempotencyKey`, and one code is made.
   */
  async requestOtp(input: OtpInput, options: RequestOptions = {}): Promise<OtpRequested> {
    return requestedOf(await this.request<RequestOtpMutation>(REQUEST_OTP, { input }, options));
  }

  /**
   * Whether this is the code: `VERIFIED` once, whoever else tells it at the same time.
   * @throws HeraldRequestError. @throws HeraldConnectionError: whether the code was used is not known, ask for a new one.
   */
  async verifyOtp(code: OtpCode, options: RequestOptions = {}): Promise<OtpVerified> {
    return verifiedOf(await this.request<VerifyOtpMutation>(VERIFY_OTP, code, options));
  }

  /**
   * A query or mutation. A response with errors throws, also where it holds data.
   * @throws HeraldRequestError, HeraldConnectionError.
   */
  async request<T>(query: string, variables: object = {}, { signal }: RequestOptions = {}): Promise<T> {
    const limit = AbortSignal.timeout(this.#timeoutMs);
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.#url, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.#apiKey}`,
          'content-type': 'application/json',
          accept: 'application/graphql-response+json, application/json;q=0.9',
        },
        body: JSON.stringify({ query, variables }),
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      text = await response.text();
    } catch (error) {
      signal?.throwIfAborted();
      throw new HeraldConnectionError(
        limit.aborted
          ? `Herald at ${this.#url.origin} did not answer within ${this.#timeoutMs} ms.`
          : `Herald at ${this.#url.origin} cannot be reached: ${reasonOf(error)}.`,
        { cause: error },
      );
    }
    const result = parseResult<T>(text);
    if (result === undefined)
      throw new HeraldConnectionError(
        `${this.#url.href} answered ${response.status}, and not as a GraphQL server.`,
      );
    return dataOf(result, response.headers.get('x-request-id') ?? undefined);
  }

  /**
   * A subscription. Reconnects for as long as it is iterated; ends with the operation, with `signal`, or with
   * `close()`. Leaving the loop ends it too.
   * @throws HeraldRequestError from the iteration: the operation is wrong, or the credentials are.
   */
  async *subscribe<T>(
    query: string,
    variables: Record<string, unknown> = {},
    { signal, onStatus }: SubscribeOptions = {},
  ): AsyncGenerator<T, void, undefined> {
    signal?.throwIfAborted();
    const results: GraphQLResult<T>[] = [];
    let state: { kind: 'open' | 'completed' | 'stopped' } | { kind: 'failed'; error: unknown } = {
      kind: 'open',
    };
    let wake: () => void = () => undefined;
    const become = (next: typeof state) => {
      if (state.kind === 'open' || next.kind === 'stopped') state = next;
      wake();
    };
    const current = () => state;
    const stop = () => become({ kind: 'stopped' });
    const socket = this.#openSocket(onStatus);
    const unsubscribe = socket.subscribe<T>(
      { query, variables },
      {
        next: (result) => {
          results.push(result as ExecutionResult<T>);
          wake();
        },
        error: (error) => become({ kind: 'failed', error }),
        complete: () => become({ kind: 'completed' }),
      },
    );
    signal?.addEventListener('abort', stop);
    this.#subscriptions.add(stop);
    try {
      for (;;) {
        if (current().kind === 'stopped') return;
        const result = results.shift();
        if (result !== undefined) {
          yield dataOf(result);
          continue;
        }
        const now = current();
        if (now.kind === 'failed') throw asRequestError(now.error, this.#url);
        if (now.kind === 'completed') return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      this.#subscriptions.delete(stop);
      unsubscribe();
      // Not awaited: a socket that is being opened to a server that is away may take for ever.
      socket.dispose()?.then(undefined, () => undefined);
    }
  }

  /** Ends every subscription. Requests under way finish. */
  close(): void {
    for (const stop of this.#subscriptions) stop();
  }

  #openSocket(onStatus: SubscribeOptions['onStatus']): Client {
    const url = new URL(this.#url);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return createClient({
      url: url.href,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${this.#apiKey}` },
      keepAlive: PING_INTERVAL_MS,
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: isLost,
      retryWait: (retries) =>
        new Promise((resolve) =>
          setTimeout(resolve, Math.min(250 * 2 ** retries, MAX_RETRY_DELAY_MS) * (0.5 + Math.random() / 2)),
        ),
      on: {
        connected: () => onStatus?.('connected'),
        closed: (event) => {
          if (isLost(event)) onStatus?.('reconnecting');
        },
      },
    });
  }
}

/** Neither our own end (1000) nor one of the codes with which graphql-ws says that trying again is of no use. */
const isLost = (event: unknown): boolean => {
  const code = closeCode(event);
  return code === undefined || (code !== 1_000 && (code < 4_400 || code >= 4_500));
};

const closeCode = (event: unknown): number | undefined =>
  typeof event === 'object' && event !== null && 'code' in event && typeof event.code === 'number'
    ? event.code
    : undefined;

interface GraphQLResult<T> {
  readonly data?: T | null;
  readonly errors?: readonly GraphQLResponseError[];
}

function parseResult<T>(text: string): GraphQLResult<T> | undefined {
  try {
    const result: unknown = JSON.parse(text);
    return typeof result === 'object' && result !== null && ('data' in result || 'errors' in result)
      ? (result as GraphQLResult<T>)
      : undefined;
  } catch {
    return undefined;
  }
}

function dataOf<T>({ data, errors }: GraphQLResult<T>, requestId?: string): T {
  if (errors !== undefined && errors.length > 0) throw new HeraldRequestError(errors, requestId);
  if (data === undefined || data === null)
    throw new HeraldRequestError([{ message: 'The answer holds no data.' }], requestId);
  return data;
}

/** What an iteration of graphql-ws throws: an operation's errors, the end of the socket, or ours. */
function asRequestError(error: unknown, url: URL): Error {
  if (error instanceof HeraldRequestError) return error;
  if (Array.isArray(error)) return new HeraldRequestError(error as GraphQLResponseError[]);
  const code = closeCode(error);
  if (code === 4_401 || code === 4_403)
    return new HeraldRequestError([
      {
        message: 'The credentials were refused: they are wrong, revoked or have ended.',
        extensions: { code: 'UNAUTHENTICATED' },
      },
    ]);
  if (code !== undefined) {
    const reason =
      typeof error === 'object' && error !== null && 'reason' in error ? String(error.reason) : '';
    return new HeraldConnectionError(
      `The connection to ${url.origin} was closed: ${code} ${reason}`.trimEnd(),
      { cause: error },
    );
  }
  return error instanceof Error ? error : new HeraldConnectionError(String(error));
}

/** The system's word for it: fetch hides it in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause instanceof Error ? cause.message : String(cause);
}
