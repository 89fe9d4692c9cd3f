/** Subscriptions over the subgraphs: one source for equal subscribers, each event completed by the other subgraphs. */
import type { GraphQLDataSource } from '@apollo/gateway';
import { type ExecutionResult, getVariableValues } from 'graphql';
import { authScope, type RequestContext } from '../../platform/auth/principal.ts';
import { SUBGRAPH_NAMES } from '../../platform/graphql/subgraph.ts';
import type { ResultStream } from '../../platform/graphql/subgraph-executor.ts';
import { variableErrors } from '../../platform/graphql/variable-errors.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { publicError, publicErrors } from '../errors/public-errors.ts';
import { dataSourcesOf, withMissingReferences } from '../federation/operation-executor.ts';
import type { Planner, PlanRequest } from '../federation/planner.ts';
import type { SubgraphSources } from '../subgraph-sources/subgraph-source.ts';
import { upstreamLosses, upstreamResumes } from './live-metrics.ts';
import type { ByteBudget, ResultSink } from './result-sink.ts';
import { RESUME_POLICY, type ResumePolicy, ResumingSource } from './resuming-source.ts';
import { EVENT_SUBGRAPH, type SubscriptionPlan } from './subscription-plan.ts';
import { Topic } from './topic.ts';

export interface FederatedSubscriptionsOptions {
  /** The supergraph as it is now. */
  planner(): Planner;
  readonly sources: SubgraphSources;
  readonly log: Logger;
  /** Results that may wait for one subscriber before it is cut off. */
  readonly maxBuffer?: number;
  readonly resumePolicy?: ResumePolicy;
}

type Variables = Readonly<Record<string, unknown>>;

const MAX_BUFFER = 256;
const MAX_VARIABLE_ERRORS = 50;

export class FederatedSubscriptions {
  readonly #options: FederatedSubscriptionsOptions;
  readonly #dataSources: Readonly<Record<string, GraphQLDataSource>>;
  readonly #topics = new Map<string, Topic>();
  #unshared = 0;

  constructor(options: FederatedSubscriptionsOptions) {
    this.#options = options;
    this.#dataSources = dataSourcesOf(options.sources);
  }

  /** Running sources. */
  get topics(): number {
    return this.#topics.size;
  }

  /**
   * Subscribes to a planned operation. Callers with the same operation, variables and authorisation scope share a
   * source and each event's execution, which runs as the first of them: the scope covers all that answers vary by.
   * @param budget of the connection: what may wait for all of its subscriptions together.
   * @returns the results, or why there are none.
   */
  async subscribe(
    plan: SubscriptionPlan,
    variables: Variables,
    context: RequestContext,
    budget?: ByteBudget,
  ): Promise<ResultSink | ExecutionResult> {
    const { planner, log, maxBuffer = MAX_BUFFER } = this.#options;
    const { schema } = planner();
    const { coerced, errors } = getVariableValues(
      schema,
      plan.operation.variableDefinitions ?? [],
      { ...variables },
      {
        maxErrors: MAX_VARIABLE_ERRORS,
      },
    );
    if (errors) return { errors: variableErrors(errors, schema, plan.operation, variables) };
    const key = this.#topicKey(plan, coerced, context);
    let topic = this.#topics.get(key);
    if (!topic) {
      const opened = new Topic({
        open: () => this.#open(plan, variables, coerced, context),
        resolve: (event) => this.#resolve(plan, event, variables, context),
        onEnd: () => {
          if (this.#topics.get(key) === opened) this.#topics.delete(key);
        },
      });
      topic = opened;
      this.#topics.set(key, topic);
    }
    const joined = await topic.join(maxBuffer, budget);
    return Symbol.asyncIterator in joined ? joined : publicErrors(joined, context, log);
  }

  #topicKey(plan: SubscriptionPlan, coerced: Variables, { principal }: RequestContext): string {
    const shared = plan.replays(coerced) ? this.#unshared++ : 'shared';
    return JSON.stringify([plan.id, sortedKeys(coerced), authScope(principal), shared]);
  }

  async #open(
    plan: SubscriptionPlan,
    variables: Variables,
    coerced: Variables,
    context: RequestContext,
  ): Promise<ResultStream | ExecutionResult> {
    const { resume } = plan;
    if (!resume) return this.#source(plan, variables, context);
    const { log, resumePolicy = RESUME_POLICY } = this.#options;
    const open = (cursor: unknown) =>
      this.#source(plan, { ...variables, [resume.variable]: cursor }, context);
    const startCursor = resume.startCursor(coerced);
    const opened = await open(startCursor);
    if (!(Symbol.asyncIterator in opened)) return opened;
    const subgraph = plan.primary.serviceName;
    return new ResumingSource({
      opened,
      startCursor,
      open,
      cursorOf: resume.cursorOf,
      policy: resumePolicy,
      onLost: () => upstreamLosses.inc({ subgraph }),
      onOutcome: (resumed) => {
        upstreamResumes.inc({ subgraph, outcome: resumed ? 'resumed' : 'given_up' });
        if (!resumed) log.warn({ subgraph, requestId: context.requestId }, 'subscription: given up');
      },
    });
  }

  #source(
    { primary, resume }: SubscriptionPlan,
    variables: Variables,
    context: RequestContext,
  ): Promise<ResultStream | ExecutionResult> {
    const name = SUBGRAPH_NAMES.find((candidate) => candidate === primary.serviceName);
    if (!name) throw new Error(`there is no subgraph ${primary.serviceName}`);
    const used = primary.variableUsages?.filter((variable) => variables[variable] !== undefined) ?? [];
    return this.#options.sources[name].subscribe(
      {
        query: primary.operation,
        operationName: primary.operationName,
        variables: Object.fromEntries(used.map((variable) => [variable, variables[variable]])),
        ...(resume && { tellStart: true }),
      },
      context,
    );
  }

  async #resolve(
    plan: SubscriptionPlan,
    event: ExecutionResult,
    variables: Variables,
    subscriber: RequestContext,
  ): Promise<ExecutionResult> {
    const { planner, log } = this.#options;
    // A new object for each event: DataLoaders hang on it, and the last event's answers must not serve this one.
    const context: RequestContext = { ...subscriber };
    if (event.data === undefined) return publicErrors(event, context, log);
    try {
      const result = await planner().execute(
        plan.perEvent,
        { ...this.#dataSources, [EVENT_SUBGRAPH]: answering(event) },
        planRequest(planner(), plan, variables, context, log),
        plan.operationContext,
      );
      return publicErrors(withMissingReferences(result), context, log);
    } catch (error) {
      return { errors: [publicError(error, context, log)] };
    }
  }
}

/** Merging changes the data, which belongs to the source; the errors must stay as they are or they lose their paths. */
const answering = (event: ExecutionResult): GraphQLDataSource => ({
  process: async () => ({ ...event, data: structuredClone(event.data) }),
});

function planRequest(
  planner: Planner,
  plan: SubscriptionPlan,
  variables: Variables,
  context: RequestContext,
  log: Logger,
): PlanRequest {
  return {
    request: { query: '', variables: { ...variables } },
    document: plan.document,
    operation: plan.operation,
    operationName: plan.operation.name?.value ?? null,
    source: '',
    queryHash: plan.id,
    context,
    schema: planner.schema,
    logger: log,
    // The executor writes into it where a subgraph answers with errors, and throws without.
    metrics: {},
    cache: NO_CACHE,
    overallCachePolicy: undefined,
    schemaHash: '' as PlanRequest['schemaHash'],
  };
}

const NO_CACHE = {
  get: async () => undefined,
  set: async () => undefined,
  delete: async () => false,
};

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortedKeys(inner)]),
  );
}
