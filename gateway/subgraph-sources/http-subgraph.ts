/** GraphQL over HTTP to a subgraph in another process, on kept connections. */
import { type ExecutionResult, GraphQLError } from 'graphql';
import { Pool } from 'undici';
import type { RequestContext } from '../../platform/auth/principal.ts';
import { unavailable } from '../../platform/errors/herald-error.ts';
import type { SubgraphRequest } from '../../platform/graphql/subgraph-executor.ts';
import { newRequestId } from '../../platform/http/request-id.ts';
import { type Logger, REQUEST_ID_HEADER } from '../../platform/logging/logger.ts';
import { remoteResult } from './remote-results.ts';

export interface HttpSubgraphOptions {
  readonly name: string;
  readonly url: string;
  /** What goes with a request besides its content type and id. */
  headers(context: RequestContext): Readonly<Record<string, string>>;
  readonly log: Logger;
  /** Longest a subgraph may take to answer. */
  readonly timeoutMs?: number | undefined;
}

const MAX_CONNECTIONS = 64;
/** The specification of GraphQL over HTTP: an answer of the first type is one, whatever its status. */
const GRAPHQL_RESPONSE = 'application/graphql-response+json';

export class HttpSubgraph {
  readonly #options: HttpSubgraphOptions;
  readonly #pool: Pool;
  readonly #path: string;
  #answered = false;

  constructor(options: HttpSubgraphOptions) {
    const url = new URL(options.url);
    const timeoutMs = options.timeoutMs ?? 30_000;
    this.#options = options;
    this.#path = url.pathname + url.search;
    this.#pool = new Pool(url.origin, {
      connections: MAX_CONNECTIONS,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connectTimeout: 3_000,
    });
  }

  /** Never rejects: one that cannot be reached, or answers something else, is an UNAVAILABLE error in the result. */
  async execute(request: SubgraphRequest, context: RequestContext): Promise<ExecutionResult> {
    try {
      const { statusCode, headers, body } = await this.#pool.request({
        method: 'POST',
        path: this.#path,
        headers: {
          ...this.#options.headers(context),
          'content-type': 'application/json',
          accept: `${GRAPHQL_RESPONSE}, application/json;q=0.9`,
          [REQUEST_ID_HEADER]: context.requestId,
        },
        body: JSON.stringify(request),
      });
      const text = await body.text();
      if (statusCode !== 200 && !String(headers['content-type']).startsWith(GRAPHQL_RESPONSE))
        return this.#unreachable(new Error(`HTTP ${statusCode}: ${text.slice(0, 500)}`), context);
      const result = remoteResult(JSON.parse(text));
      this.#answered = true;
      return result;
    } catch (error) {
      return this.#unreachable(error, context);
    }
  }

  /** Only until it has answered once: a subgraph that is lost later must not take the whole graph out of service. */
  async problem(): Promise<string | undefined> {
    if (this.#answered) return undefined;
    const { errors } = await this.execute({ query: '{ __typename }' }, { requestId: newRequestId() });
    return this.#answered || !errors ? undefined : `the ${this.#options.name} subgraph has not answered yet`;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #unreachable(error: unknown, { requestId }: RequestContext): ExecutionResult {
    const { name, log } = this.#options;
    log.warn({ err: error, subgraph: name, requestId }, 'subgraph did not answer');
    const { message, extensions } = unavailable(
      `The ${name} service cannot be reached. Try again in a moment.`,
    );
    return { errors: [new GraphQLError(message, { extensions })] };
  }
}
