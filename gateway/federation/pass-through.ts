/**
 * Most operations concern one subgraph. It can answer the caller's own document as it stands: nothing has to be
 * merged, and the subgraph's execution shapes the answer by the same rules as the gateway would.
 */
import type { QueryPlan } from '@apollo/query-planner';
import { type DocumentNode, type GraphQLSchema, validate, visit } from 'graphql';

/**
 * The name of the subgraph that can answer the whole document unchanged, if there is one: the plan is a single
 * fetch without rewrites, the document is valid there as it stands, and it asks nothing about the schema itself
 * (a subgraph's schema is not the graph's).
 */
export function passThroughSubgraph(
  plan: QueryPlan,
  document: DocumentNode,
  subgraphSchemas: Readonly<Record<string, GraphQLSchema>>,
): string | undefined {
  const { node } = plan;
  if (node?.kind !== 'Fetch') return undefined;
  if (
    node.requires ||
    node.inputRewrites?.length ||
    node.outputRewrites?.length ||
    node.contextRewrites?.length
  )
    return undefined;
  if (asksAboutSchema(document)) return undefined;
  const schema = subgraphSchemas[node.serviceName];
  if (!schema || validate(schema, document).length > 0) return undefined;
  return node.serviceName;
}

function asksAboutSchema(document: DocumentNode): boolean {
  let asks = false;
  visit(document, {
    Field(node) {
      if (node.name.value === '__schema' || node.name.value === '__type') asks = true;
    },
  });
  return asks;
}
