/** HTTP POSTs to addresses that users chose, with everything that can go wrong before an answer turned into an outcome. */
import { type Dispatcher, errors } from 'undici';
import { type SendOutcome, stoppedOutcome } from '../contract.ts';
import { parseRetryAfter } from '../retry-after.ts';
import { AddressNotAllowedError, createGuardedAgent, type GuardOptions } from './guarded-agent.ts';

/** Most bytes of an answer's body that are read, to keep the connection; a longer one costs the connection. */
const MAX_ANSWER_BYTES = 64 * 1024;

export interface PostRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  readonly signal: AbortSignal;
}

/** The part of an answer that decides an outcome. Its body is left out: whose text it is, nobody knows. */
export interface HttpAnswer {
  readonly status: number;
  readonly retryAfterMs?: number;
  readonly location?: string;
}

export interface HttpSender {
  /**
   * Posts once, follows no redirect and never throws.
   * @returns the answer, or the outcome of the attempt when none came.
   */
  post(request: PostRequest): Promise<{ readonly answer: HttpAnswer } | { readonly failed: SendOutcome }>;
  /** Waits for the posts under way and closes all connections. May be called again. */
  close(): Promise<void>;
}

/**
 * @param options where posts may go.
 * @param now what a Retry-After date is compared with.
 * @throws Error for an allowed network that is no CIDR.
 */
export function createHttpSender(options: GuardOptions, now: () => Date): HttpSender {
  const agent = createGuardedAgent(options);
  const underWay = new Set<Promise<unknown>>();

  async function post(request: PostRequest) {
    let left = false;
    const noticing = agent.compose(noticeStart(() => (left = true)));
    const stop = new AbortController();
    try {
      request.signal.throwIfAborted();
      const response = await Promise.race([
        noticing.request({
          origin: request.url.origin,
          path: `${request.url.pathname}${request.url.search}`,
          method: 'POST',
          headers: request.headers,
          body: request.body,
          signal: request.signal,
        }),
        // undici looks at the signal of a request that waits for its connection only once it has one.
        aborted(request.signal, stop.signal),
      ]);
      // The outcome is known by now. A body that breaks off or goes on for too long only costs its connection.
      response.body.dump({ limit: MAX_ANSWER_BYTES }).catch(() => response.body.destroy());
      const retryAfterMs = parseRetryAfter(first(response.headers['retry-after']), now());
      const location = first(response.headers.location);
      return {
        answer: {
          status: response.statusCode,
          ...(retryAfterMs !== undefined && { retryAfterMs }),
          ...(location !== undefined && { location }),
        },
      };
    } catch (error) {
      return { failed: failedOutcome(error, request, left) };
    } finally {
      stop.abort();
    }
  }

  return {
    async post(request) {
      const attempt = post(request);
      underWay.add(attempt);
      try {
        return await attempt;
      } finally {
        underWay.delete(attempt);
      }
    },
    async close() {
      await Promise.all(underWay);
      // Not `close`: that waits for connections that are still being made, and throws the second time.
      await agent.destroy();
    },
  };
}

/** What an attempt that got no answer amounts to. `left`: its request had begun to be written to a connection. */
export function failedOutcome(
  error: unknown,
  request: Pick<PostRequest, 'url' | 'signal'>,
  left: boolean,
): SendOutcome {
  const { host } = request.url;
  if (error instanceof AddressNotAllowedError)
    return {
      kind: 'permanent',
      code: 'CHANNEL_ADDRESS_NOT_ALLOWED',
      message: `${host} is not on the public internet, or needs https: add its network to WEBHOOK_ALLOWED_NETWORKS to allow it.`,
    };
  if (request.signal.aborted) return stoppedOutcome(request.signal, left);
  if (error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError)
    return {
      kind: 'retryable',
      code: 'CHANNEL_UNEXPECTED_ANSWER',
      message: `${host} answered with something that is not HTTP.`,
      mayHaveSent: left,
    };
  if (error instanceof errors.InvalidArgumentError)
    return {
      kind: 'permanent',
      code: 'CHANNEL_INTERNAL',
      message: `The request to ${host} could not be built.`,
    };
  const code = codeOf(error);
  return {
    kind: 'retryable',
    code: 'CHANNEL_CONNECTION_FAILED',
    message: left
      ? `${host} closed the connection without an answer (${code}).`
      : `${host} could not be reached (${code}).`,
    mayHaveSent: left,
  };
}

/** Says when the request begins to be written to a connected socket: until then the receiver has seen nothing. */
function noticeStart(onStart: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart(controller, context) {
        onStart();
        handler.onRequestStart?.(controller, context);
      },
      onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
      onResponseStart: (...args) => handler.onResponseStart?.(...args),
      onResponseData: (...args) => handler.onResponseData?.(...args),
      onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
      onResponseError: (...args) => handler.onResponseError?.(...args),
    });
}

/** Rejects when `signal` aborts; listens until `stop` does. */
const aborted = (signal: AbortSignal, stop: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: stop });
  });

/** The code of an error: it says what happened without texts of the other side. */
function codeOf(error: unknown): string {
  for (let e = error; e instanceof Error; e = e instanceof AggregateError ? e.errors[0] : e.cause)
    if ('code' in e && typeof e.code === 'string' && e.code !== '') return e.code;
  return error instanceof Error ? error.name : 'unknown error';
}

const first = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;
