/** HTTP requests to a provider's own API, at an address that its documentation or the operator names. */
import { Agent } from 'undici';
import { z } from 'zod';
import type { ProviderHealth, SendOutcome } from '../contract.ts';
import { parseRetryAfter } from '../retry-after.ts';
import { type Attempted, attemptHttp, headerOf, headersOf } from './http-attempt.ts';

export interface VendorRequest {
  /** POST without it. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Behind the base URL, with its query; begins with `/`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly signal: AbortSignal;
}

export interface VendorAnswer {
  readonly status: number;
  readonly retryAfterMs?: number;
  readonly contentType?: string;
  readonly text: string;
  /** Names in lower case; the first of several. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface VendorHttp {
  /** Asks once, follows no redirect and never throws. */
  request(request: VendorRequest): Promise<Attempted<VendorAnswer>>;
  /** Waits for the requests under way and closes all connections. May be called again. */
  close(): Promise<void>;
}

/** Most connections to an API at once; HTTP/1.1 carries one request on each. */
export const VENDOR_CONNECTIONS = 64;
const MAX_ANSWER_BYTES = 256 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;

/** The address of an API in a configuration: `https://host`, or with a path before those of the API. */
export const baseUrlSchema = (address: string) =>
  z
    .url({ protocol: /^https?$/, error: 'must be a URL that starts with https:// (or http://)' })
    .default(address)
    .meta({ title: 'API address', description: 'Another one for a proxy, or for tests', installation: true });

/** @param name of the vendor, for people. */
export function createVendorHttp(options: {
  readonly name: string;
  readonly baseUrl: string;
  readonly now: () => Date;
  /** Connects by HTTP/2 where the other side can: many requests on one connection. */
  readonly http2?: boolean;
}): VendorHttp {
  const { name, baseUrl, now } = options;
  const base = baseUrl.replace(/\/$/, '');
  const agent = new Agent({
    connections: VENDOR_CONNECTIONS,
    allowH2: options.http2 ?? false,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });
  const underWay = new Set<Promise<unknown>>();

  async function ask(request: VendorRequest): Promise<Attempted<VendorAnswer>> {
    const attempted = await attemptHttp(
      agent,
      {
        method: request.method ?? 'POST',
        url: new URL(`${base}${request.path}`),
        headers: { 'user-agent': 'Herald', accept: 'application/json', ...request.headers },
        signal: request.signal,
        ...(request.body !== undefined && { body: request.body }),
      },
      async (response): Promise<VendorAnswer | undefined> => {
        const text = await textOf(response.body);
        const retryAfterMs = parseRetryAfter(headerOf(response, 'retry-after'), now());
        const contentType = headerOf(response, 'content-type');
        return text === undefined
          ? undefined
          : {
              status: response.statusCode,
              text,
              headers: headersOf(response),
              ...(retryAfterMs !== undefined && { retryAfterMs }),
              ...(contentType !== undefined && { contentType }),
            };
      },
    );
    if ('failed' in attempted) return attempted;
    return attempted.answer ? { answer: attempted.answer } : { failed: notUnderstood(name) };
  }

  return {
    async request(request) {
      const asking = ask(request);
      underWay.add(asking);
      try {
        return await asking;
      } finally {
        underWay.delete(asking);
      }
    },
    async close() {
      await Promise.all(underWay);
      // Not `close`: that waits for connections that are still being made, and throws the second time.
      await agent.destroy();
    },
  };
}

/** Whole, as UTF-8; undefined when it is longer than any answer of an API. */
async function textOf(body: AsyncIterable<Buffer>): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The JSON of an answer as `schema` has it; undefined for anything else. */
export function jsonOf<S extends z.ZodType>(text: string, schema: S): z.output<S> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    // No JSON: that is told by the missing value.
    return undefined;
  }
}

/** The outcome of an answer that is none of those documented: whether the message was taken, nobody knows. */
export const notUnderstood = (name: string, status?: number): SendOutcome => ({
  kind: 'retryable',
  code: 'CHANNEL_UNEXPECTED_ANSWER',
  message: `${name} gave an answer that was not understood${status === undefined ? '' : ` (${status})`}.`,
  mayHaveSent: true,
});

/**
 * What the status of an answer means by itself (RFC 9110), for errors that the vendor's own table does not have.
 * @param detail a sentence of the vendor's that can hold no secret, such as its error code.
 */
export function outcomeOfStatus(
  name: string,
  { status, retryAfterMs }: Pick<VendorAnswer, 'status' | 'retryAfterMs'>,
  detail?: string,
): SendOutcome {
  const said = `(${status}${detail === undefined ? '' : `, ${detail}`})`;
  if (status === 429 || (status === 503 && retryAfterMs !== undefined))
    return {
      kind: 'rateLimited',
      message: `${name} asks to wait ${said}.`,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  if (status === 408 || status >= 500)
    return {
      kind: 'retryable',
      code: 'CHANNEL_PROVIDER_UNAVAILABLE',
      message: `${name} could not take the message ${said}.`,
      // A gateway that gave up on the server behind it: nobody knows what that one did.
      mayHaveSent: status === 502 || status === 504,
    };
  if (status === 401 || status === 403)
    return {
      kind: 'permanent',
      code: 'CHANNEL_UNAUTHORIZED',
      message: `${name} does not take the credentials ${said}.`,
    };
  if (status === 413)
    return {
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_TOO_LARGE',
      message: `The message is too large for ${name} ${said}.`,
    };
  if (status >= 400)
    return {
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_REJECTED',
      message: `${name} refused the message ${said}.`,
    };
  return notUnderstood(name, status);
}

/** What an outcome of a request that sends nothing says of the vendor's health. */
export const healthOf = (outcome: SendOutcome): ProviderHealth =>
  outcome.kind === 'accepted' ? { ok: true } : unwell(outcome);

/** What `Provider.health` tells of a request that came to this outcome and not to the answer that was expected. */
export const unwell = (outcome: SendOutcome): ProviderHealth => ({
  ok: false,
  message: 'message' in outcome ? outcome.message : 'The answer was not the one expected.',
});
