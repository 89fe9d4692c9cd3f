/** HTTP requests to addresses that users chose. */
import type { Dispatcher } from 'undici';
import { parseRetryAfter } from '../retry-after.ts';
import { createGuardedAgent, type GuardOptions } from './guarded-agent.ts';
import { type Attempted, attemptHttp, headerOf } from './http-attempt.ts';

/** Most bytes of an answer's body that are read, to keep the connection; a longer one costs the connection. */
const MAX_ANSWER_BYTES = 64 * 1024;

export interface SenderRequest {
  /** POST without it. */
  readonly method?: Dispatcher.HttpMethod;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
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
   * Asks once, follows no redirect and never throws.
   * @returns the answer, or the outcome of the attempt when none came.
   */
  request(request: SenderRequest): Promise<Attempted<HttpAnswer>>;
  /** Waits for the requests under way and closes all connections. May be called again. */
  close(): Promise<void>;
}

/**
 * @param options where requests may go.
 * @param now what a Retry-After date is compared with.
 * @throws Error for an allowed network that is no CIDR.
 */
export function createHttpSender(options: GuardOptions, now: () => Date): HttpSender {
  const agent = createGuardedAgent(options);
  const underWay = new Set<Promise<unknown>>();

  const ask = (request: SenderRequest): Promise<Attempted<HttpAnswer>> =>
    attemptHttp(agent, request, (response) => {
      // The outcome is known by now. A body that breaks off or goes on for too long only costs its connection.
      response.body.dump({ limit: MAX_ANSWER_BYTES }).catch(() => response.body.destroy());
      const retryAfterMs = parseRetryAfter(headerOf(response, 'retry-after'), now());
      const location = headerOf(response, 'location');
      return {
        status: response.statusCode,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
        ...(location !== undefined && { location }),
      };
    });

  return {
    async request(request) {
      const attempt = ask(request);
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
