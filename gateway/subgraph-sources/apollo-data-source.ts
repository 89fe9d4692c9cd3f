/** Lets @apollo/gateway's query plan executor call a subgraph source. */
import type { GraphQLDataSource } from '@apollo/gateway';
import type { RequestContext } from '../../platform/auth/principal.ts';
import type { SubgraphSource } from './subgraph-source.ts';

export const apolloDataSource = (source: SubgraphSource): GraphQLDataSource => ({
  process: ({ request, context }) =>
    source.execute(
      { query: request.query ?? '', operationName: request.operationName, variables: request.variables },
      // Every operation of this gateway runs with a RequestContext (see http/ and web-socket/).
      context as RequestContext,
    ),
});
