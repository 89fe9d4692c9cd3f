/** A subgraph in another process: HTTP with keep-alive for queries and mutations, graphql-ws for subscriptions. */
import { type ExecutionResult, GraphQLError } from 'graphql';
import { Pool } from 'undici';
import type { RequestContext } from '../../platform/auth/principal.ts';
import { unavailable } from '../../platform/errors/herald-error.ts';
import type { SubgraphName } from '../../platform/graphql/subgraph.ts';
import type { SubgraphRequest } from '../../platform/graphql/subgraph-executor.ts';
import {
  encodePrincipal,
  GATEWAY_SECRET_HEADER,
  PRINCIPAL_HEADER,
} from '../../platform/graphql/subgraph-protocol.ts';
import { newRequestId } from '../../platform/http/request-id.ts';
import { type Logger, REQUEST_ID_HEADER } from '../../platform/logging/logger.ts';
import { remoteResult } from './remote-results.ts';
import { RemoteSubscriptions } from './remote-subscriptions.ts';
import type { SubgraphSource } from './subgraph-source.ts';

export interface RemoteSourceOptions {
  readonly name: SubgraphName;
  /** Its `/graphql`, http or https. */
  readonly url: string;
  readonly gatewaySecret: string;
  readonly log: Logger;
  /** Longest a subgraph may take to answer. */
  readonly timeoutMs?: number;
}

const MAX_CONNECTIONS = 64;

export class RemoteSource implements SubgraphSource {
  readonly name: SubgraphName;
  readonly #pool: Pool;
  readonly #path: string;
  readonly #secret: string;
  readonly #log: Logger;
  readonly #subscriptions: RemoteSubscriptions;
  #answered = false;

  constructor(options: RemoteSourceOptions) {
    const url = new URL(options.url);
    const timeoutMs = options.timeoutMs ?? 30_000;
    this.name = options.name;
    this.#path = url.pathname + url.search;
    this.#secret = options.gatewaySecret;
    this.#log = options.log;
    this.#pool = new Pool(url.origin, {
      connections: MAX_CONNECTIONS,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connectTimeout: 3_000,
    });
    this.#subscriptions = new RemoteSubscriptions(options);
  }

  async execute(request: SubgraphRequest, context: RequestContext): Promise<ExecutionResult> {
    try {
      const { statusCode, body } = await this.#pool.request({
        method: 'POST',
        path: this.#path,
        headers: {
          'content-type': 'application/json',
          [GATEWAY_SECRET_HEADER]: this.#secret,
          [REQUEST_ID_HEADER]: context.requestId,
          ...(context.principal && { [PRINCIPAL_HEADER]: encodePrincipal(context.principal) }),
        },
        body: JSON.stringify(request),
      });
      const text = await body.text();
      if (statusCode !== 200)
        return this.#unreachable(new Error(`HTTP ${statusCode}: ${text.slice(0, 500)}`), context);
      const result = remoteResult(JSON.parse(text));
      this.#answered = true;
      return result;
    } catch (error) {
      return this.#unreachable(error, context);
    }
  }

  async subscribe(request: SubgraphRequest, context: RequestContext) {
    return this.#subscriptions.subscribe(request, context);
  }

  /** Only until it has answered once: a subgraph that is lost later must not take the whole graph out of service. */
  async problem(): Promise<string | undefined> {
    if (this.#answered) return undefined;
    const { errors } = await this.execute({ query: '{ __typename }' }, { requestId: newRequestId() });
    return errors ? `the ${this.name} subgraph has not answered yet` : undefined;
  }

  async close(): Promise<void> {
    await this.#subscriptions.close();
    await this.#pool.destroy();
  }

  #unreachable(error: unknown, { requestId }: RequestContext): ExecutionResult {
    this.#log.warn({ err: error, subgraph: this.name, requestId }, 'subgraph did not answer');
    const { message, extensions } = unavailable(
      `The ${this.name} service cannot be reached. Try again in a moment.`,
    );
    return { errors: [new GraphQLError(message, { extensions })] };
  }
}
