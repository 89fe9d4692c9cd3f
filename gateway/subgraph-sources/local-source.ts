/** A subgraph in the gateway's own process. */
import type { Subgraph } from '../../platform/graphql/subgraph.ts';
import { SubgraphExecutor } from '../../platform/graphql/subgraph-executor.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { SubgraphSource } from './subgraph-source.ts';

/** Hands the gateway's own context object to the resolvers. The subgraph itself belongs to whoever made it. */
export function localSource(
  { name, schema }: Pick<Subgraph, 'name' | 'schema'>,
  log: Logger,
): SubgraphSource {
  const executor = new SubgraphExecutor(schema, log);
  return {
    name,
    execute: (request, context) => executor.execute(request, context),
    subscribe: (request, context) => executor.subscribe(request, context),
    problem: async () => undefined,
    close: async () => undefined,
  };
}
