/** One HTTP request of one attempt, with everything that can go wrong before an answer turned into an outcome. */
import { type Dispatcher, errors } from 'undici';
import { type SendOutcome, stoppedOutcome } from '../contract.ts';
import { AddressNotAllowedError } from './guarded-agent.ts';
import { inTime } from './in-time.ts';

export interface HttpRequest {
  readonly method?: Dispatcher.HttpMethod;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly signal: AbortSignal;
}

/** What came of it: what `read` made of the answer, or the outcome of the attempt when there was none. */
export type Attempted<T> = { readonly answer: T } | { readonly failed: SendOutcome };

/**
 * Asks once, follows no redirect and never throws.
 * @param read reads the answer. What it throws counts as an answer that broke off.
 */
export async function attemptHttp<T>(
  agent: Dispatcher,
  request: HttpRequest,
  read: (response: Dispatcher.ResponseData) => T | Promise<T>,
): Promise<Attempted<T>> {
  let left = false;
  const noticing = agent.compose(noticeStart(() => (left = true)));
  try {
    request.signal.throwIfAborted();
    // undici looks at the signal of a request that waits for its connection only once it has one.
    const response = await inTime(
      noticing.request({
        origin: request.url.origin,
        path: `${request.url.pathname}${request.url.search}`,
        method: request.method ?? 'POST',
        headers: request.headers,
        body: request.body ?? null,
        signal: request.signal,
      }),
      request.signal,
    );
    return { answer: await read(response) };
  } catch (error) {
    return { failed: failedOutcome(error, request, left) };
  }
}

/** What an attempt that got no answer amounts to. `left`: its request had begun to be written to a connection. */
export function failedOutcome(
  error: unknown,
  request: Pick<HttpRequest, 'url' | 'signal'>,
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

/** The code of an error: it says what happened without texts of the other side. */
function codeOf(error: unknown): string {
  for (let e = error; e instanceof Error; e = e instanceof AggregateError ? e.errors[0] : e.cause)
    if ('code' in e && typeof e.code === 'string' && e.code !== '') return e.code;
  return error instanceof Error ? error.name : 'unknown error';
}

/** A header of an answer; the first of several. */
export const headerOf = ({ headers }: Dispatcher.ResponseData, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** All headers of an answer, the first of several; names in lower case. */
export const headersOf = ({ headers }: Dispatcher.ResponseData): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value;
      return first === undefined ? [] : [[name.toLowerCase(), first]];
    }),
  );
