/**
 * HTTP for the SDKs of AWS: their requests go the way of all others, so that it is known whether one had left, an abort
 * is honoured at once, and nothing is retried.
 */
import type { SendOutcome } from '../contract.ts';
import type { VendorHttp, VendorRequest } from './vendor-http.ts';

/** Thrown through the SDK for a request that got no answer. */
export class AttemptFailedError extends Error {
  readonly outcome: SendOutcome;
  constructor(outcome: SendOutcome) {
    super('The request got no answer.');
    this.outcome = outcome;
  }
}

/** A signed request of the SDK (its `HttpRequest`). */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/**
 * What a client of the SDK is configured with to go this way; each of its calls needs an `abortSignal`.
 * @param http at the origin of the client's endpoint.
 */
export const awsSdkTransport = (http: VendorHttp) => ({
  maxAttempts: 1,
  // The SDK's own strategies throw an error of theirs at an abort, whatever the request threw.
  retryStrategy: { mode: 'none', retry: once },
  requestHandler: handlerOf(http),
});

const once = <I, O>(next: (input: I) => Promise<O>, input: I): Promise<O> => next(input);

const handlerOf = (http: VendorHttp) => ({
  metadata: { handlerProtocol: 'http/1.1' },
  /** @throws AttemptFailedError */
  async handle(request: SdkRequest, options: { readonly abortSignal?: unknown } = {}) {
    const { abortSignal } = options;
    const result = await http.request({
      method: methodOf(request.method),
      path: request.path + queryOf(request.query),
      headers: request.headers,
      signal: abortSignal instanceof AbortSignal ? abortSignal : new AbortController().signal,
      ...bodyOf(request.body),
    });
    if ('failed' in result) throw new AttemptFailedError(result.failed);
    const { status, headers = {}, text } = result.answer;
    return {
      response: {
        statusCode: status,
        headers: { ...headers },
        body: Buffer.from(text),
      },
    };
  },
});

const methodOf = (method: string): NonNullable<VendorRequest['method']> =>
  method === 'GET' || method === 'PUT' || method === 'DELETE' ? method : 'POST';

const bodyOf = (body: unknown): Pick<VendorRequest, 'body'> => {
  if (typeof body === 'string') return { body };
  // Its bytes and nothing else of it: the SDK's own kind of array warns when it is asked for more.
  return body instanceof Uint8Array
    ? { body: Buffer.from(body.buffer, body.byteOffset, body.byteLength) }
    : {};
};

function queryOf(query: SdkRequest['query'] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value ?? ''].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
