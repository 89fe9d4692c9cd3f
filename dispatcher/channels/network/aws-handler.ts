/** Carries the requests of an AWS SDK client over Herald's own HTTP, which knows whether a request had left. */
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { SendOutcome } from '../contract.ts';
import { jsonOf, notUnderstood, outcomeOfStatus, type VendorHttp } from './vendor-http.ts';

/** What an SDK client hands to its request handler; the parts that count. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Readable;
}

/**
 * A request handler for a client of an SDK. Where there is no answer for the SDK to read, `outcomeOf` has what
 * the attempt comes to: the SDK puts errors of its own in the place of a handler's.
 * @param name of the service, for people.
 * @param isReadable whether the SDK can tell what a text is; without it, for services that speak JSON.
 */
export function awsHandler(
  name: string,
  http: VendorHttp,
  isReadable: (text: string) => boolean = (text) => jsonOf(text, z.looseObject({})) !== undefined,
) {
  const begun = new WeakSet<AbortSignal>();
  const outcomes = new WeakMap<AbortSignal, SendOutcome>();
  return {
    /** @param signal the one given to the SDK with the request, and with no other. */
    outcomeOf: (signal: AbortSignal): SendOutcome | undefined => outcomes.get(signal),
    /** Whether the SDK came so far as to make a request: before, it looks for credentials. */
    hasBegun: (signal: AbortSignal): boolean => begun.has(signal),
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(
      request: SdkRequest,
      options: { readonly abortSignal?: unknown } = {},
    ): Promise<{ response: SdkResponse }> {
      const signal =
        options.abortSignal instanceof AbortSignal ? options.abortSignal : new AbortController().signal;
      begun.add(signal);
      const end = (outcome: SendOutcome): never => {
        outcomes.set(signal, outcome);
        throw new Error(`The request to ${name} came to no answer that its SDK could read.`);
      };
      const body = bodyOf(request.body);
      const attempted = await http.request({
        method: methodOf(request.method),
        path: `${request.path}${queryOf(request.query)}`,
        headers: request.headers,
        ...(body !== undefined && { body }),
        signal,
      });
      if ('failed' in attempted) return end(attempted.failed);
      const { status, text, headers = {} } = attempted.answer;
      // A load balancer's page, or none of AWS at all: the SDK would only say that it is no JSON, or no XML.
      if (!isReadable(text))
        return end(status >= 400 ? outcomeOfStatus(name, attempted.answer) : notUnderstood(name, status));
      return {
        response: { statusCode: status, headers: { ...headers }, body: Readable.from([Buffer.from(text)]) },
      };
    },
    // The SDK's own options for its handlers: this one has none.
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
    // Its connections are closed with `http`.
    destroy: () => undefined,
  };
}

function methodOf(method: string): 'GET' | 'POST' | 'PUT' | 'DELETE' {
  return method === 'GET' || method === 'PUT' || method === 'DELETE' ? method : 'POST';
}

function queryOf(query: SdkRequest['query'] = {}): string {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? value : [value])
      parts.push(`${encode(key)}=${encode(one ?? '')}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/** As the signature was made over it. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const bodyOf = (body: unknown): string | Buffer | undefined =>
  typeof body === 'string'
    ? body
    : body instanceof Uint8Array
      ? Buffer.from(body.buffer, body.byteOffset, body.byteLength)
      : undefined;
