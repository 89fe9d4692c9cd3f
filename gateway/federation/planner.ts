/** Query plans over the supergraph, for operations and for subscriptions, on public exports of Apollo's packages. */

import { operationFromDocument, type Schema, Supergraph } from '@apollo/federation-internals';
import { type buildOperationContext, executeQueryPlan, type GraphQLDataSource } from '@apollo/gateway';
import { type QueryPlan, QueryPlanner } from '@apollo/query-planner';
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import { type ResumableFields, resumableFields } from '../subscriptions/resumable.ts';

/** What `executeQueryPlan` knows about a request; Apollo Server makes it, subscriptions build their own. */
export type PlanRequest = Parameters<typeof executeQueryPlan>[2];
/** The operation of a document with its fragments. */
export type OperationContext = ReturnType<typeof buildOperationContext>;

/** One loaded version of the supergraph. */
export class Planner {
  /** The schema that callers see. */
  readonly schema: GraphQLSchema;
  /** The subscription fields that can go on where they were interrupted. */
  readonly resumable: ResumableFields;
  readonly #api: Schema;
  readonly #supergraphSchema: GraphQLSchema;
  readonly #planner: QueryPlanner;

  /** @throws Error when a subgraph marks a field as resumable that cannot be, see `resumableFields`. */
  constructor(apiSchema: GraphQLSchema, supergraphSdl: string) {
    // Composed by this process a moment ago: validating it again would only slow the start.
    const supergraph = Supergraph.build(supergraphSdl, { validateSupergraph: false });
    this.schema = apiSchema;
    this.resumable = resumableFields(supergraphSdl, apiSchema);
    this.#api = supergraph.apiSchema();
    this.#supergraphSchema = supergraph.schema.toGraphQLJSSchema();
    this.#planner = new QueryPlanner(supergraph);
  }

  /** @throws GraphQLError when the operation cannot be planned (for example beyond the planner's own limits). */
  plan(document: DocumentNode, operationName: string | undefined): QueryPlan {
    return this.#planner.buildQueryPlan(operationFromDocument(this.#api, document, { operationName }));
  }

  execute(
    plan: QueryPlan,
    dataSources: Readonly<Record<string, GraphQLDataSource>>,
    request: PlanRequest,
    operationContext: OperationContext,
  ): Promise<ExecutionResult> {
    return executeQueryPlan(plan, dataSources, request, operationContext, this.#supergraphSchema, this.#api);
  }
}
