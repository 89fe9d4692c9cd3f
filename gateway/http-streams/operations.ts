/** Starts the operations that are answered by a stream: the same plans, topics and sessions as the socket's. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ApolloServer } from '@apollo/server';
import { type ExecutionResult, GraphQLError, getOperationAST, OperationTypeNode } from 'graphql';
import type { Principal, RequestContext } from '../../platform/auth/principal.ts';
import { HeraldError } from '../../platform/errors/herald-error.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { CallerAuthentication } from '../authentication/authenticator.ts';
import { publicError } from '../errors/public-errors.ts';
import type { Planner } from '../federation/planner.ts';
import { forwardedHeaders } from '../http/forwarded-headers.ts';
import type { FederatedSubscriptions } from '../subscriptions/federated-subscriptions.ts';
import { liveRefusals } from '../subscriptions/live-metrics.ts';
import { ByteBudget, ResultSink } from '../subscriptions/result-sink.ts';
import type { SubscriptionPlan, SubscriptionPlans } from '../subscriptions/subscription-plan.ts';
import { CallerSession } from '../web-socket/caller-session.ts';
import type { ConnectionCounts } from '../web-socket/connection-counts.ts';
import { eventIds } from './event-ids.ts';
import { goOnAfter } from './go-on-after.ts';
import type { ResumableOf } from './resumable-of.ts';
import type { OperationParams } from './stream-params.ts';

export interface StreamedOperationsOptions {
  readonly apollo: ApolloServer<RequestContext>;
  planner(): Planner;
  readonly plans: SubscriptionPlans;
  readonly subscriptions: FederatedSubscriptions;
  readonly authenticator: CallerAuthentication;
  /** Names of callers' headers that subgraphs of others are given. */
  readonly forward: readonly string[];
  /** Of all connections, sockets included. */
  readonly counts: ConnectionCounts;
  /** Bytes of results that may wait for one stream. */
  readonly waitingBytes: number;
  readonly resumableOf: ResumableOf;
  readonly log: Logger;
}

/** Who asks, in one request. */
export interface Caller {
  readonly requestId: string;
  /** The Authorization header. */
  readonly authorization: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** What is to be streamed, or why nothing is. */
export type Started =
  | {
      readonly kind: 'results';
      readonly results: ResultSink;
      idOf(result: ExecutionResult): string | undefined;
    }
  | { readonly kind: 'refused'; readonly errors: readonly GraphQLError[] };

export class StreamedOperations {
  readonly #options: StreamedOperationsOptions;

  constructor(options: StreamedOperationsOptions) {
    this.#options = options;
  }

  /** Which kind of operation a document asks for; nothing where it cannot be told. */
  kindOf({ query, operationName }: OperationParams): OperationTypeNode | undefined {
    const prepared = this.#options.plans.prepare(query, operationName);
    if (prepared.kind === 'subscription') return OperationTypeNode.SUBSCRIPTION;
    if (prepared.kind === 'refused') return undefined;
    return getOperationAST(prepared.document, operationName)?.operation;
  }

  /**
   * Subscribes, or runs a query or mutation.
   * @param cursor of the last event that the caller has seen: a resumable subscription goes on after it, others take
   * no notice.
   * @throws HeraldError as `Authenticator.authenticate`.
   */
  async start(params: OperationParams, caller: Caller, cursor?: string): Promise<Started> {
    const { plans, resumableOf, planner, log } = this.#options;
    const prepared = plans.prepare(params.query, params.operationName);
    if (prepared.kind === 'refused') return prepared;
    try {
      if (prepared.kind === 'operation') return await this.#run(params, caller);
      const { plan } = prepared;
      const resumable = resumableOf(plan);
      if (!resumable || cursor === undefined) return await this.#subscribe(params, plan, caller);
      const resumed = goOnAfter(cursor, params, plan, resumable, planner().schema);
      const again = plans.prepare(resumed.query, resumed.operationName);
      if (again.kind !== 'subscription')
        throw new Error(`a subscription with a cursor is ${again.kind}: ${resumed.query}`);
      return await this.#subscribe(resumed, again.plan, caller);
    } catch (error) {
      return { kind: 'refused', errors: [publicError(error, { requestId: caller.requestId }, log)] };
    }
  }

  async #run(params: OperationParams, caller: Caller): Promise<Started> {
    const { requestId, authorization } = caller;
    const { apollo, authenticator } = this.#options;
    const principal = await authenticator.authenticate(authorization, requestId);
    const { body } = await apollo.executeOperation(
      { ...params },
      { contextValue: this.#contextOf(caller, principal) },
    );
    if (body.kind !== 'single') throw new Error('incremental delivery is not supported');
    const { data, errors } = body.singleResult;
    const asErrors = errors?.map(
      ({ message, path, extensions }) => new GraphQLError(message, { path, extensions }),
    );
    if (data === undefined) return { kind: 'refused', errors: asErrors ?? [] };
    const results = new ResultSink(1);
    results.push({ data, ...(asErrors && { errors: asErrors }) });
    results.end();
    return { kind: 'results', results, idOf: () => undefined };
  }

  async #subscribe(params: OperationParams, plan: SubscriptionPlan, caller: Caller): Promise<Started> {
    const { requestId, authorization } = caller;
    const { authenticator, counts, waitingBytes, subscriptions, resumableOf, log } = this.#options;
    const session = new CallerSession(authenticator, log, counts);
    try {
      if (!(await session.signIn(authorization))) {
        liveRefusals.inc({ limit: 'connections of a caller' });
        throw new HeraldError('RATE_LIMITED', 'This caller has as many open connections as it may have.');
      }
      const principal = await session.principal(requestId);
      const results = await subscriptions.subscribe(
        plan,
        params.variables,
        this.#contextOf(caller, principal),
        new ByteBudget(waitingBytes),
      );
      if (!(Symbol.asyncIterator in results)) {
        session.close();
        return { kind: 'refused', errors: results.errors ?? [] };
      }
      session.watch(results);
      results.onEnd(() => session.close());
      return { kind: 'results', results, idOf: eventIds(plan, resumableOf(plan)) };
    } catch (error) {
      session.close();
      throw error;
    }
  }

  #contextOf({ requestId, headers }: Caller, principal: Principal | undefined): RequestContext {
    const { forward } = this.#options;
    return {
      requestId,
      ...(principal && { principal }),
      ...(forward.length > 0 && { forwarded: forwardedHeaders(forward, headers) }),
    };
  }
}
