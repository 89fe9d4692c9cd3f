/** Subscriptions over the subgraphs: one source for equal subscribers, each event completed by the other subgraphs. */
import type { GraphQLDataSource } from '@apollo/gateway';
import type { FetchNode } from '@apollo/query-planner';
import { type ExecutionResult, GraphQLError, getVariableValues } from 'graphql';
import { type RequestContext, scopeOf } from '../../platform/auth/principal.ts';
import type { ResultStream } from '../../platform/graphql/subgraph-executor.ts';
import { variableErrors } from '../../platform/graphql/variable-errors.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { publicError, publicErrors } from '../errors/public-errors.ts';
import { withMissingReferences } from '../federation/operation-executor.ts';
import type { Planner, PlanRequest } from '../federation/planner.ts';
import type { SourceRegistry } from '../subgraph-sources/source-registry.ts';
import type { SubgraphSource } from '../subgraph-sources/subgraph-source.ts';
import { upstreamLosses, upstreamResumes } from './live-metrics.ts';
import type { ByteBudget, ResultSink } from './result-sink.ts';
import { RESUME_POLICY, type ResumePolicy, ResumingSource } from './resuming-source.ts';
import { EVENT_SUBGRAPH, type SubscriptionPlan } from './subscription-plan.ts';
import { Topic } from './topic.ts';

export interface FederatedSubscriptionsOptions {
  /** The supergraph as it is now. */
  planner(): Planner;
  readonly sources: SourceRegistry;
  readonly log: Logger;
  /** Results that may wait for one subscriber before it is cut off. */
  readonly maxBuffer?: number;
  readonly resumePolicy?: ResumePolicy;
}

type Variables = Readonly<Record<string, unknown>>;

/** A topic and what its source and events are asked by; a newer supergraph changes the plan. */
interface Running {
  readonly topic: Topic;
  plan: SubscriptionPlan;
  /** That the plan was made by. */
  planner: Planner;
  /** Of the first subscriber, whom all share. */
  readonly variables: Variables;
  readonly coerced: Variables;
  readonly context: RequestContext;
  /** Where the source was opened last. */
  upstream?: SubgraphSource;
  resuming?: ResumingSource;
}

/** Code of the error that ends a subscription which a newer supergraph no longer has, or has otherwise. */
export const SCHEMA_RELOADED = 'SCHEMA_RELOADED';

const schemaReloaded = (): GraphQLError =>
  new GraphQLError('The graph has changed, and this subscription cannot go on in it. Subscribe again.', {
    extensions: { code: SCHEMA_RELOADED },
  });

const MAX_BUFFER = 256;
const MAX_VARIABLE_ERRORS = 50;

export class FederatedSubscriptions {
  readonly #options: FederatedSubscriptionsOptions;
  readonly #topics = new Map<string, Running>();
  #unshared = 0;

  constructor(options: FederatedSubscriptionsOptions) {
    this.#options = options;
  }

  /** Running sources. */
  get topics(): number {
    return this.#topics.size;
  }

  /** Those who share them. */
  get subscribers(): number {
    return [...this.#topics.values()].reduce((sum, { topic }) => sum + topic.size, 0);
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
    const { topic } =
      this.#topics.get(key) ?? this.#start(key, { plan, planner: planner(), variables, coerced, context });
    const joined = await topic.join(maxBuffer, budget);
    return Symbol.asyncIterator in joined ? joined : publicErrors(joined, context, log);
  }

  /**
   * A newer supergraph has taken over. What it still has goes on by a new plan; where that changes what the subgraph is
   * asked, a subscription that can be taken up again is, from its last cursor. The others end with SCHEMA_RELOADED.
   * @param again the plan of the same operation over the supergraph of now, if there is one.
   */
  reload(again: (plan: SubscriptionPlan) => SubscriptionPlan | undefined): void {
    for (const running of [...this.#topics.values()]) {
      const plan = again(running.plan);
      const before = running.plan.primary;
      if (plan && this.#sameSource(running, plan.primary)) Object.assign(running, this.#planned(plan));
      else if (plan && before.serviceName === plan.primary.serviceName && plan.resume && running.resuming) {
        Object.assign(running, this.#planned(plan));
        if (!running.resuming.renew()) running.topic.fail(schemaReloaded());
      } else running.topic.fail(schemaReloaded());
    }
  }

  #planned(plan: SubscriptionPlan): Pick<Running, 'plan' | 'planner'> {
    return { plan, planner: this.#options.planner() };
  }

  #sameSource({ plan, upstream }: Running, primary: FetchNode): boolean {
    return (
      plan.primary.operation === primary.operation &&
      plan.primary.serviceName === primary.serviceName &&
      this.#options.sources.has(primary.serviceName) &&
      this.#options.sources.get(primary.serviceName) === upstream
    );
  }

  #start(key: string, of: Omit<Running, 'topic'>): Running {
    const running: Running = {
      ...of,
      topic: new Topic({
        open: async () => {
          // The topic opens its source while it is made: `running` is there a moment later.
          await Promise.resolve();
          return this.#open(running);
        },
        resolve: (event) => this.#resolve(running, event),
        onEnd: () => {
          if (this.#topics.get(key) === running) this.#topics.delete(key);
        },
      }),
    };
    this.#topics.set(key, running);
    return running;
  }

  #topicKey(plan: SubscriptionPlan, coerced: Variables, context: RequestContext): string {
    const shared = plan.replays(coerced) ? this.#unshared++ : 'shared';
    return JSON.stringify([plan.id, sortedKeys(coerced), scopeOf(context), shared]);
  }

  async #open(running: Running): Promise<ResultStream | ExecutionResult> {
    const { variables, coerced, context } = running;
    const { resume } = running.plan;
    if (!resume) return this.#source(running, variables);
    const { log, resumePolicy = RESUME_POLICY } = this.#options;
    const open = (cursor: unknown) => {
      const variable = running.plan.resume?.variable ?? resume.variable;
      return this.#source(running, { ...variables, [variable]: cursor });
    };
    const startCursor = resume.startCursor(coerced);
    const opened = await open(startCursor);
    if (!(Symbol.asyncIterator in opened)) return opened;
    const subgraph = running.plan.primary.serviceName;
    running.resuming = new ResumingSource({
      opened,
      startCursor,
      open,
      cursorOf: (event) => (running.plan.resume ?? resume).cursorOf(event),
      policy: resumePolicy,
      onLost: () => upstreamLosses.inc({ subgraph }),
      onOutcome: (resumed) => {
        upstreamResumes.inc({ subgraph, outcome: resumed ? 'resumed' : 'given_up' });
        if (!resumed) log.warn({ subgraph, requestId: context.requestId }, 'subscription: given up');
      },
    });
    return running.resuming;
  }

  #source(running: Running, variables: Variables): Promise<ResultStream | ExecutionResult> {
    const { primary, resume } = running.plan;
    running.upstream = this.#options.sources.get(primary.serviceName);
    const used = primary.variableUsages?.filter((variable) => variables[variable] !== undefined) ?? [];
    return running.upstream.subscribe(
      {
        query: primary.operation,
        operationName: primary.operationName,
        variables: Object.fromEntries(used.map((variable) => [variable, variables[variable]])),
        ...(resume && { tellStart: true }),
      },
      running.context,
    );
  }

  async #resolve(running: Running, event: ExecutionResult): Promise<ExecutionResult> {
    const { plan, planner, variables, context: subscriber } = running;
    const { log } = this.#options;
    // A new object for each event: DataLoaders hang on it, and the last event's answers must not serve this one.
    const context: RequestContext = { ...subscriber };
    if (event.data === undefined) return publicErrors(event, context, log);
    try {
      const result = await planner.execute(
        plan.perEvent,
        { ...this.#options.sources.dataSources, [EVENT_SUBGRAPH]: answering(event) },
        planRequest(planner, plan, variables, context, log),
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
