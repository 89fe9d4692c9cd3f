/** How the gateway reaches a subgraph, wherever it runs. */
import type { ExecutionResult } from 'graphql';
import type { RequestContext } from '../../platform/auth/principal.ts';
import type { ResultStream, SubgraphRequest } from '../../platform/graphql/subgraph-executor.ts';

export interface SubgraphSource {
  readonly name: string;
  /** Runs a query or mutation. Never rejects: a subgraph that cannot be reached is an UNAVAILABLE error in the result. */
  execute(request: SubgraphRequest, context: RequestContext): Promise<ExecutionResult>;
  /**
   * Opens a subscription. Never rejects, nor does its stream: where the subgraph is lost the last result has an
   * UNAVAILABLE error and the stream ends.
   */
  subscribe(request: SubgraphRequest, context: RequestContext): Promise<ResultStream | ExecutionResult>;
  /** Why the gateway should not take requests yet because of this subgraph. */
  problem(): Promise<string | undefined>;
  close(): Promise<void>;
}
