/** GraphQL over WebSocket (graphql-transport-ws): subscriptions, and queries and mutations over the same socket. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ApolloServer } from '@apollo/server';
import { type ExecutionArgs, type FormattedExecutionResult, GraphQLError } from 'graphql';
import { type Context, makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import type { RequestContext } from '../../platform/auth/principal.ts';
import { HeraldError } from '../../platform/errors/herald-error.ts';
import { sendText, TOO_MANY_CONNECTIONS } from '../../platform/http/graphql-web-socket.ts';
import { newRequestId } from '../../platform/http/request-id.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { publicError } from '../errors/public-errors.ts';
import type { Planner } from '../federation/planner.ts';
import { forwardedHeaders } from '../http/forwarded-headers.ts';
import type { FederatedSubscriptions } from '../subscriptions/federated-subscriptions.ts';
import { liveRefusals } from '../subscriptions/live-metrics.ts';
import type { ByteBudget } from '../subscriptions/result-sink.ts';
import type { SubscriptionPlan, SubscriptionPlans } from '../subscriptions/subscription-plan.ts';
import { ArrivalsGate } from './arrivals-gate.ts';
import type { CallerSession } from './caller-session.ts';
import { FramePump } from './frame-pump.ts';

/** What belongs to one socket. */
export interface SocketExtra {
  readonly socket: WebSocket;
  readonly session: CallerSession;
  /** Of the upgrade request. */
  readonly headers: IncomingHttpHeaders;
  /** What may wait for the socket. */
  readonly budget: ByteBudget;
}

export interface GraphQLSocketServerOptions {
  readonly apollo: ApolloServer<RequestContext>;
  planner(): Planner;
  readonly plans: SubscriptionPlans;
  readonly subscriptions: FederatedSubscriptions;
  readonly log: Logger;
  /** A socket without `connection_init` after this long is closed with 4408. */
  readonly initTimeoutMs: number;
  /** Names of callers' headers that subgraphs of others are given. */
  readonly forward: readonly string[];
  /** Operations that may run on one socket at the same time. */
  readonly maxOperations: number;
}

/** Code of the error that answers one operation too many on a socket. */
export const LIMIT_EXCEEDED = 'LIMIT_EXCEEDED';

/** "Try again later" (RFC 6455's registry): the credentials could not be checked. Clients reconnect after it. */
const TRY_AGAIN_LATER = 1013;

const connectionParamsSchema = z.object({ authorization: z.string().optional() });

/** What one subscribe message asks for, found again by its context object. */
interface Operation {
  readonly id: string;
  readonly payload: SubscribePayload;
  readonly extra: SocketExtra;
  readonly context: RequestContext;
  readonly plan?: SubscriptionPlan;
}

export function graphqlSocketServer(options: GraphQLSocketServerOptions): Server<SocketExtra> {
  const { apollo, log, plans, subscriptions, forward } = options;
  const operations = new WeakMap<object, Operation>();
  const gate = new ArrivalsGate();
  const operationOf = ({ contextValue }: ExecutionArgs): Operation => {
    const operation = operations.get(contextValue as object);
    if (!operation) throw new Error('unknown operation');
    return operation;
  };

  return makeServer<Record<string, unknown>, SocketExtra>({
    connectionInitWaitTimeout: options.initTimeoutMs,
    onConnect: async (context) => {
      const { socket } = context.extra;
      await gate.enter(() => socket.readyState === socket.OPEN);
      return signIn(context, log);
    },
    onClose: ({ extra }) => extra.session.close(),

    onSubscribe: async ({ extra, connectionParams, subscriptions: running }, id, payload) => {
      const requestId = newRequestId();
      if (Object.keys(running).length > options.maxOperations) {
        liveRefusals.inc({ limit: 'operations' });
        return [limitExceeded(options.maxOperations)];
      }
      try {
        const principal = await extra.session.principal(requestId);
        const context: RequestContext = {
          requestId,
          ...(principal && { principal }),
          ...(forward.length > 0 && {
            forwarded: forwardedHeaders(forward, extra.headers, connectionParams),
          }),
        };
        const prepared = plans.prepare(payload.query, payload.operationName ?? undefined);
        if (prepared.kind === 'refused') return prepared.errors;
        operations.set(context, {
          id,
          payload,
          extra,
          context,
          ...(prepared.kind === 'subscription' && { plan: prepared.plan }),
        });
        return {
          schema: options.planner().schema,
          document: prepared.kind === 'subscription' ? prepared.plan.document : prepared.document,
          operationName: payload.operationName,
          contextValue: context,
        };
      } catch (error) {
        return [publicError(error, { requestId }, log)];
      }
    },

    subscribe: async (args) => {
      const { id, plan, payload, extra, context } = operationOf(args);
      if (!plan) throw new Error('the operation is no subscription');
      const { session, socket, budget } = extra;
      const results = await subscriptions.subscribe(plan, payload.variables ?? {}, context, budget);
      if (!(Symbol.asyncIterator in results)) return results;
      session.watch(results);
      return new FramePump(results, id, (frame) => sendText(socket, frame));
    },

    execute: async (args) => {
      const { payload, context } = operationOf(args);
      const { body } = await apollo.executeOperation(
        {
          query: payload.query,
          operationName: payload.operationName ?? undefined,
          variables: payload.variables ?? {},
        },
        { contextValue: context },
      );
      if (body.kind !== 'single') throw new Error('incremental delivery is not supported');
      const { errors, ...result } = body.singleResult;
      return { ...result, ...(errors && { errors: errors.map(asGraphQLError) }) };
    },

    onNext: (_context, _id, _payload, _args, result): FormattedExecutionResult => ({
      ...result,
      errors: result.errors?.map((error) => error.toJSON()),
    }),
  });
}

/** @returns whether the socket may go on: wrong credentials close it with 4403 Forbidden. */
async function signIn(
  { connectionParams, extra }: Context<Record<string, unknown>, SocketExtra>,
  log: Logger,
): Promise<boolean> {
  const params = connectionParamsSchema.safeParse(connectionParams ?? {});
  if (!params.success) return false;
  try {
    if (await extra.session.signIn(params.data.authorization)) return true;
    liveRefusals.inc({ limit: 'connections of a caller' });
    extra.socket.close(TOO_MANY_CONNECTIONS, 'Too many connections');
    return false;
  } catch (error) {
    if (error instanceof HeraldError && error.code === 'UNAUTHENTICATED') return false;
    log.warn({ err: error }, 'WebSocket: credentials could not be checked');
    extra.socket.close(TRY_AGAIN_LATER, 'Try again later');
    return false;
  }
}

const limitExceeded = (max: number): GraphQLError =>
  new GraphQLError(`At most ${max} operations may run on one connection.`, {
    extensions: { code: LIMIT_EXCEEDED },
  });

const asGraphQLError = ({
  message,
  path,
  extensions,
}: {
  message: string;
  path?: readonly (string | number)[];
  extensions?: Record<string, unknown>;
}): GraphQLError => new GraphQLError(message, { path, extensions });
