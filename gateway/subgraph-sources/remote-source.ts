/** One of Herald's own subgraphs in another process: HTTP for queries and mutations, graphql-ws for subscriptions. */
import type { ExecutionResult } from 'graphql';
import type { RequestContext } from '../../platform/auth/principal.ts';
import type { SubgraphRequest } from '../../platform/graphql/subgraph-executor.ts';
import {
  encodePrincipal,
  GATEWAY_SECRET_HEADER,
  PRINCIPAL_HEADER,
} from '../../platform/graphql/subgraph-protocol.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { HttpSubgraph } from './http-subgraph.ts';
import { RemoteSubscriptions } from './remote-subscriptions.ts';
import type { SubgraphSource } from './subgraph-source.ts';

export interface RemoteSourceOptions {
  readonly name: string;
  /** Its `/graphql`, http or https. */
  readonly url: string;
  readonly gatewaySecret: string;
  readonly log: Logger;
  /** Longest a subgraph may take to answer. */
  readonly timeoutMs?: number;
}

export class RemoteSource implements SubgraphSource {
  readonly name: string;
  readonly #http: HttpSubgraph;
  readonly #subscriptions: RemoteSubscriptions;

  constructor(options: RemoteSourceOptions) {
    const { gatewaySecret } = options;
    this.name = options.name;
    this.#http = new HttpSubgraph({
      ...options,
      headers: ({ principal }) => ({
        [GATEWAY_SECRET_HEADER]: gatewaySecret,
        ...(principal && { [PRINCIPAL_HEADER]: encodePrincipal(principal) }),
      }),
    });
    this.#subscriptions = new RemoteSubscriptions({
      name: options.name,
      url: options.url,
      log: options.log,
      connectionParams: { gatewaySecret },
      extensions: ({ requestId, principal }, { tellStart }) => ({
        requestId,
        ...(tellStart && { tellStart }),
        ...(principal && { principal }),
      }),
    });
  }

  execute(request: SubgraphRequest, context: RequestContext): Promise<ExecutionResult> {
    return this.#http.execute(request, context);
  }

  async subscribe(request: SubgraphRequest, context: RequestContext) {
    return this.#subscriptions.subscribe(request, context);
  }

  problem(): Promise<string | undefined> {
    return this.#http.problem();
  }

  async close(): Promise<void> {
    await this.#subscriptions.close();
    await this.#http.close();
  }
}
