/** Plans a subscription over the subgraphs: who sends the events, and what each event still needs. */
import { hash } from 'node:crypto';
import { buildOperationContext } from '@apollo/gateway';
import type { FetchNode, QueryPlan } from '@apollo/query-planner';
import {
  type DocumentNode,
  GraphQLError,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
  valueFromASTUntyped,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { HeraldError } from '../../platform/errors/herald-error.ts';
import type { OperationContext, Planner } from '../federation/planner.ts';
import { MAX_TOKENS } from '../limits/operation-limits.ts';
import { type ResumePlan, withCursor } from './with-cursor.ts';

/** Stands for the subgraph that answers an event's first fetch with the event itself. */
export const EVENT_SUBGRAPH = 'the event';

export interface SubscriptionPlan {
  /** Equal for equal documents and operation names. */
  readonly id: string;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly operationContext: OperationContext;
  /** What to subscribe to, at which subgraph. */
  readonly primary: FetchNode;
  /** Runs for each event. */
  readonly perEvent: QueryPlan;
  /** Whether the source first replays what was missed: such a stream begins differently for each subscriber. */
  replays(variables: Readonly<Record<string, unknown>>): boolean;
  /** Where the subgraph says that the field can be taken up again. */
  readonly resume?: ResumePlan;
}

/** What a document asks for. */
export type PreparedOperation =
  | { readonly kind: 'subscription'; readonly plan: SubscriptionPlan }
  | { readonly kind: 'operation'; readonly document: DocumentNode }
  | { readonly kind: 'refused'; readonly errors: readonly GraphQLError[] };

const MAX_PLANS = 1_000;
/** Asks for a replay, as in Relay's connections, also where a subgraph does not say so (see `resumable.ts`). */
const CURSOR_ARGUMENT = 'after';

export interface SubscriptionPlansOptions {
  /** The supergraph as it is now. */
  planner(): Planner;
  /** Besides those of the GraphQL specification. */
  readonly validationRules?: readonly ValidationRule[];
  readonly maxPlans?: number;
}

/** Parses, validates and plans each document once. */
export class SubscriptionPlans {
  readonly #options: SubscriptionPlansOptions;
  readonly #plans: LRUCache<string, SubscriptionPlan>;
  /** The plans' supergraph: a new one empties the cache. */
  #plannedFor: Planner | undefined;

  constructor(options: SubscriptionPlansOptions) {
    this.#options = options;
    this.#plans = new LRUCache({ max: options.maxPlans ?? MAX_PLANS });
  }

  prepare(query: string, operationName: string | undefined): PreparedOperation {
    const planner = this.#options.planner();
    if (this.#plannedFor !== planner) {
      this.#plans.clear();
      this.#plannedFor = planner;
    }
    const key = JSON.stringify([operationName ?? null, query]);
    const known = this.#plans.get(key);
    if (known) return { kind: 'subscription', plan: known };
    try {
      const document = parse(query, { maxTokens: MAX_TOKENS });
      const operation = getOperationAST(document, operationName);
      if (!operation) return refused(new GraphQLError('The document has no such operation.'));
      if (operation.operation !== OperationTypeNode.SUBSCRIPTION) return { kind: 'operation', document };
      const errors = this.#validate(planner, document, operation);
      if (errors.length > 0) return refused(...errors);
      const plan = planSubscription(planner, document, operation, key);
      this.#plans.set(key, plan);
      return { kind: 'subscription', plan };
    } catch (error) {
      if (error instanceof GraphQLError) return refused(error);
      throw error;
    }
  }

  #validate(
    planner: Planner,
    document: DocumentNode,
    operation: OperationDefinitionNode,
  ): readonly GraphQLError[] {
    // graphql-js 16 throws on these while it validates; the specification (5.2.4.1) forbids them.
    const conditional = operation.selectionSet.selections.find((selection) =>
      selection.directives?.some(({ name }) => name.value === 'skip' || name.value === 'include'),
    );
    if (conditional)
      return [
        new GraphQLError('A subscription must not use @skip or @include on its root field.', {
          nodes: conditional,
        }),
      ];
    return validate(planner.schema, document, [...specifiedRules, ...(this.#options.validationRules ?? [])]);
  }
}

const refused = (...errors: readonly GraphQLError[]): PreparedOperation => ({
  kind: 'refused',
  errors: errors.map((error) =>
    error.extensions.code === undefined
      ? new GraphQLError(error.message, {
          ...(error.nodes && { nodes: error.nodes }),
          ...(error.source && { source: error.source }),
          ...(error.positions && { positions: error.positions }),
          extensions: { code: 'BAD_USER_INPUT' },
        })
      : error,
  ),
});

/** @throws HeraldError BAD_USER_INPUT when the operation subscribes to nothing. */
function planSubscription(
  planner: Planner,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  key: string,
): SubscriptionPlan {
  const operationName = operation.name?.value;
  // What is asked for in addition never reaches the caller: results are shaped by the caller's own operation.
  const augmented = withCursor(planner.schema, planner.resumable, document, operation);
  const { node } = planner.plan(augmented?.document ?? document, operationName);
  if (node?.kind !== 'Subscription') throw new HeraldError('BAD_USER_INPUT', 'This subscribes to nothing.');
  // The query plan executor refuses subscriptions. So an event is executed as a query whose first fetch is answered
  // by the event itself: rewrites, entity fetches, error paths and shaping are then the executor's.
  const first: FetchNode = {
    ...node.primary,
    serviceName: EVENT_SUBGRAPH,
    operationKind: OperationTypeNode.QUERY,
  };
  return {
    id: hash('sha256', key, 'base64url'),
    document,
    operation,
    operationContext: buildOperationContext({
      schema: planner.schema,
      operationDocument: document,
      ...(operationName !== undefined && { operationName }),
    }),
    primary: node.primary,
    perEvent: {
      kind: 'QueryPlan',
      node: node.rest ? { kind: 'Sequence', nodes: [first, node.rest] } : first,
    },
    replays: (variables) =>
      hasCursor(operation, variables) || (augmented?.resume.startCursor(variables) ?? null) !== null,
    ...(augmented && { resume: augmented.resume }),
  };
}

/** Cursors in a root field inside a fragment count as given: at worst a stream is not shared. */
function hasCursor(
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): boolean {
  return operation.selectionSet.selections.some(
    (selection) =>
      selection.kind !== Kind.FIELD ||
      selection.arguments?.some(
        ({ name, value }) =>
          name.value === CURSOR_ARGUMENT && (valueFromASTUntyped(value, { ...variables }) ?? null) !== null,
      ),
  );
}
