/** Runs the operations of one subgraph, in the gateway's process and behind the subgraph's own server alike. */
import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { RequestContext } from '../auth/principal.ts';
import { HeraldError } from '../errors/herald-error.ts';
import { messageOf } from '../errors/message-of.ts';
import type { Logger } from '../logging/logger.ts';
import { CompiledOperation, RUNS_BEFORE } from './compiled-operation.ts';
import { maskError, maskThrown } from './error-masking.ts';
import { mappedStream } from './mapped-stream.ts';
import { beginningWith, startCursorOf, startResult } from './start-cursor.ts';
import { variableErrors } from './variable-errors.ts';

/** One operation as it arrives at a subgraph. */
export interface SubgraphRequest {
  readonly query: string;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  /** Whether a subscription first tells where it begins, if it knows (see `startResult`). */
  readonly tellStart?: boolean | undefined;
}

/** The results of a subscription, one an event. */
export type ResultStream = AsyncGenerator<ExecutionResult, undefined, undefined>;

const MAX_DOCUMENTS = 2_000;

/** A validated document with the operation that runs, or the errors that speak against it. */
type Prepared =
  | {
      readonly document: DocumentNode;
      readonly operation: OperationDefinitionNode;
      readonly errors?: undefined;
    }
  | { readonly errors: readonly GraphQLError[] };

export class SubgraphExecutor {
  readonly schema: GraphQLSchema;
  readonly #log: Logger;
  /** Parsed and validated once: the gateway sends few distinct documents, validating each time is half of the work. */
  readonly #documents: LRUCache<string, DocumentNode>;
  /** By operation: lives as long as its document. */
  readonly #compiled = new WeakMap<OperationDefinitionNode, CompiledOperation>();

  readonly #runsBefore: number;

  /** @param options.runsBefore how often graphql-js runs an operation before it is compiled. */
  constructor(
    schema: GraphQLSchema,
    log: Logger,
    options: { readonly maxDocuments?: number; readonly runsBefore?: number } = {},
  ) {
    this.#runsBefore = options.runsBefore ?? RUNS_BEFORE;
    this.schema = schema;
    this.#log = log;
    this.#documents = new LRUCache({ max: options.maxDocuments ?? MAX_DOCUMENTS });
  }

  /** Runs a query or mutation. Never rejects: whatever fails is in `errors`, masked where callers may not see it. */
  async execute(request: SubgraphRequest, context: RequestContext): Promise<ExecutionResult> {
    try {
      const prepared = this.#prepare(request, false);
      if (prepared.errors) return { errors: prepared.errors };
      const result = await this.#run(prepared, request, context);
      return this.#masked(result, request, prepared.operation, context);
    } catch (error) {
      return { errors: [maskThrown(error, context, this.#log)] };
    }
  }

  /**
   * Opens a subscription. Each event runs with a context object of its own, because DataLoaders hang on it and
   * would answer later events from the first one's cache. Never rejects; `errors` without a stream when it was refused.
   */
  async subscribe(
    request: SubgraphRequest,
    context: RequestContext,
  ): Promise<ResultStream | ExecutionResult> {
    try {
      const prepared = this.#prepare(request, true);
      if (prepared.errors) return { errors: prepared.errors };
      const args = {
        schema: this.schema,
        document: prepared.document,
        operationName: request.operationName,
        variableValues: request.variables,
      };
      const source = await createSourceEventStream({ ...args, contextValue: context });
      if (!(Symbol.asyncIterator in source))
        return this.#masked(source, request, prepared.operation, context);
      const results = mappedStream(
        source as AsyncIterable<unknown>,
        async (event) => {
          const eventContext = { ...context };
          const result = await execute({ ...args, rootValue: event, contextValue: eventContext });
          return this.#masked(result, request, prepared.operation, eventContext);
        },
        (error): ExecutionResult => ({ errors: [maskThrown(error, context, this.#log)] }),
      );
      const start = request.tellStart ? startCursorOf(source) : undefined;
      return start === undefined ? results : beginningWith(startResult(start), results);
    } catch (error) {
      return { errors: [maskThrown(error, context, this.#log)] };
    }
  }

  async #run(
    { document, operation }: Extract<Prepared, { errors?: undefined }>,
    request: SubgraphRequest,
    context: RequestContext,
  ): Promise<ExecutionResult> {
    let compiled = this.#compiled.get(operation);
    if (!compiled) {
      compiled = new CompiledOperation(this.schema, document, operation, this.#runsBefore);
      this.#compiled.set(operation, compiled);
    }
    const result = await compiled.run(request.variables ?? {}, context);
    return (
      result ??
      execute({
        schema: this.schema,
        document,
        operationName: request.operationName,
        variableValues: request.variables,
        contextValue: context,
      })
    );
  }

  #prepare(request: SubgraphRequest, subscription: boolean): Prepared {
    let document = this.#documents.get(request.query);
    if (!document) {
      try {
        document = parse(request.query);
      } catch (error) {
        return { errors: [badRequest(error)] };
      }
      const errors = validate(this.schema, document);
      if (errors.length > 0) return { errors: errors.map(badRequest) };
      this.#documents.set(request.query, document);
    }
    const operation = getOperationAST(document, request.operationName);
    if (!operation)
      return { errors: [new HeraldError('BAD_USER_INPUT', 'The document has no such operation.')] };
    if ((operation.operation === OperationTypeNode.SUBSCRIPTION) !== subscription)
      return {
        errors: [
          new HeraldError(
            'BAD_USER_INPUT',
            `A ${operation.operation} cannot be run as ${subscription ? 'a subscription' : 'a query or mutation'}.`,
          ),
        ],
      };
    return { document, operation };
  }

  #masked(
    result: ExecutionResult,
    request: SubgraphRequest,
    operation: OperationDefinitionNode,
    context: RequestContext,
  ): ExecutionResult {
    if (!result.errors) return result;
    // Without `data` nothing ran (GraphQL specification, 7.1): the variables were refused, or subscribing failed.
    const refused = result.data === undefined && result.errors.every((error) => error.path === undefined);
    const errors = refused
      ? variableErrors(result.errors, this.schema, operation, request.variables ?? {})
      : result.errors.map((error) => maskError(error, context, this.#log));
    return { ...result, errors };
  }
}

const badRequest = (error: unknown): GraphQLError =>
  new GraphQLError(messageOf(error), {
    ...(error instanceof GraphQLError && error.nodes && { nodes: error.nodes }),
    extensions: { code: 'BAD_USER_INPUT' },
  });
