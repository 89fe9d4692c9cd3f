/** Runs queries and mutations over the subgraphs: plans once a document, then executes. */
import { buildOperationContext, type GraphQLDataSource } from '@apollo/gateway';
import type { QueryPlan } from '@apollo/query-planner';
import {
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import type { RequestContext } from '../../platform/auth/principal.ts';
import { HeraldError } from '../../platform/errors/herald-error.ts';
import { variableErrors } from '../../platform/graphql/variable-errors.ts';
import { httpStatusOf } from '../../platform/http/graphql-errors.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { publicError, publicErrors } from '../errors/public-errors.ts';
import type { SourceRegistry } from '../subgraph-sources/source-registry.ts';
import type { SubgraphSource } from '../subgraph-sources/subgraph-source.ts';
import { passThroughSubgraph } from './pass-through.ts';
import type { OperationContext, Planner, PlanRequest } from './planner.ts';
import { sameInputs } from './same-inputs.ts';

export interface OperationExecutorOptions {
  readonly planner: Planner;
  readonly sources: SourceRegistry;
  /** Subgraphs' own schemas, to see what one of them can answer alone; without its schema none is asked alone. */
  readonly subgraphSchemas: Readonly<Record<string, GraphQLSchema>>;
  readonly log: Logger;
}

interface Prepared {
  readonly plan: QueryPlan;
  readonly operationContext: OperationContext;
  /** Answers the document alone, see `passThroughSubgraph`. */
  readonly alone: SubgraphSource | undefined;
  /** Whether nobody behind the gateway coerces the variables by the graph's own types. */
  readonly coerceVariables: boolean;
}

const MAX_VARIABLE_ERRORS = 50;

export class OperationExecutor {
  readonly #planner: Planner;
  readonly #sources: SourceRegistry;
  readonly #subgraphSchemas: OperationExecutorOptions['subgraphSchemas'];
  readonly #dataSources: Readonly<Record<string, GraphQLDataSource>>;
  readonly #log: Logger;
  /** Lives as long as the parsed document: Apollo Server's document store bounds both. */
  readonly #prepared = new WeakMap<OperationDefinitionNode, Prepared>();

  constructor({ planner, sources, subgraphSchemas, log }: OperationExecutorOptions) {
    this.#planner = planner;
    this.#sources = sources;
    this.#subgraphSchemas = subgraphSchemas;
    this.#log = log;
    this.#dataSources = sources.dataSources;
  }

  /** Never rejects. */
  async execute(request: PlanRequest): Promise<ExecutionResult> {
    const context = request.context as RequestContext;
    try {
      return withStatus(publicErrors(await this.#run(request, context), context, this.#log));
    } catch (error) {
      return withStatus({ errors: [publicError(error, context, this.#log)] });
    }
  }

  async #run(request: PlanRequest, context: RequestContext): Promise<ExecutionResult> {
    const { operation } = request;
    if (!operation)
      return { errors: [new HeraldError('BAD_USER_INPUT', 'The document has no such operation.')] };
    if (operation.operation === OperationTypeNode.SUBSCRIPTION)
      return {
        errors: [
          new HeraldError(
            'BAD_USER_INPUT',
            'A subscription needs an answer that stays open: use WebSocket (graphql-transport-ws) on /graphql, server-sent events on /graphql/stream, or "Accept: multipart/mixed;subscriptionSpec=1.0" on /graphql.',
          ),
        ],
      };
    const prepared = this.#prepare(request, operation);
    const variables = request.request.variables ?? {};
    if (prepared.coerceVariables) {
      const { errors } = getVariableValues(
        this.#planner.schema,
        operation.variableDefinitions ?? [],
        variables,
        {
          maxErrors: MAX_VARIABLE_ERRORS,
        },
      );
      if (errors) return { errors: variableErrors(errors, this.#planner.schema, operation, variables) };
    }
    if (prepared.alone)
      return prepared.alone.execute(
        { query: request.source, operationName: request.request.operationName, variables },
        context,
      );
    const result = await this.#planner.execute(
      prepared.plan,
      this.#dataSources,
      request,
      prepared.operationContext,
    );
    return withMissingReferences(result);
  }

  #prepare({ document, request }: PlanRequest, operation: OperationDefinitionNode): Prepared {
    const known = this.#prepared.get(operation);
    if (known) return known;
    const plan = this.#planner.plan(document, request.operationName);
    const alone = passThroughSubgraph(plan, document, this.#subgraphSchemas);
    const schema = alone === undefined ? undefined : this.#subgraphSchemas[alone];
    const prepared: Prepared = {
      plan,
      operationContext: buildOperationContext({
        schema: this.#planner.schema,
        operationDocument: document,
        operationName: request.operationName,
      }),
      alone: alone === undefined ? undefined : this.#sources.get(alone),
      coerceVariables: !schema || !sameInputs(operation, this.#planner.schema, schema),
    };
    this.#prepared.set(operation, prepared);
    return prepared;
  }
}

/**
 * Apollo Server answers 400 where nothing ran. Where that is not the caller's fault the status must say so, or
 * nobody tries again.
 */
function withStatus(result: ExecutionResult): ExecutionResult {
  if (result.data !== undefined || !result.errors) return result;
  return {
    errors: result.errors.map((error) => {
      const { code } = error.extensions;
      if (code !== 'UNAVAILABLE' && code !== 'INTERNAL_SERVER_ERROR') return error;
      return new GraphQLError(error.message, {
        ...(error.path && { path: error.path }),
        extensions: { ...error.extensions, http: { status: httpStatusOf(code) } },
      });
    }),
  };
}

/**
 * A reference that no subgraph could resolve leaves required fields empty. The query plan executor nulls the parent
 * as GraphQL asks, but tells it only in an extension: callers get the error that the specification demands.
 */
export function withMissingReferences(result: ExecutionResult): ExecutionResult {
  const { extensions, ...rest } = result;
  const violations = extensions?.valueCompletion;
  if (!Array.isArray(violations)) return result;
  const errors = violations
    .filter((violation): violation is GraphQLError => violation instanceof GraphQLError)
    .map(
      ({ path }) =>
        new GraphQLError('This refers to something that is not there.', {
          ...(path && { path }),
          extensions: { code: 'NOT_FOUND' },
        }),
    );
  return { ...rest, errors: [...(result.errors ?? []), ...errors] };
}
