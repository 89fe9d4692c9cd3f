/** What every subgraph's door gives to the process that runs it. */
import type { GraphQLSchema } from 'graphql';

export const SUBGRAPH_NAMES = ['notifications', 'templates', 'users', 'analytics'] as const;
export type SubgraphName = (typeof SUBGRAPH_NAMES)[number];

export interface Subgraph {
  readonly name: SubgraphName;
  /** Executable subgraph schema; its context is platform's `RequestContext`. */
  readonly schema: GraphQLSchema;
  /** Stops background work and subscriptions of this subgraph. */
  close(): Promise<void>;
}
