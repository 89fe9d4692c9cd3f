/** Subscriptions of a subgraph over graphql-transport-ws: one socket of the gateway carries those of all callers. */
import { GraphQLError, parse } from 'graphql';
import { makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import type { RequestContext } from '../../auth/principal.ts';
import { messageOf } from '../../errors/message-of.ts';
import { newRequestId } from '../../http/request-id.ts';
import type { SubgraphExecutor, SubgraphRequest } from '../subgraph-executor.ts';
import { connectionParamsSchema, subscribeExtensionsSchema } from '../subgraph-protocol.ts';

/** What a subscribe message asks for, found again by the context object that stands for it. */
interface Operation {
  readonly request: SubgraphRequest;
  readonly context: RequestContext;
}

/** The protocol engine: a socket without the gateway's secret is closed with 4403. */
export function subgraphSocketServer(
  executor: SubgraphExecutor,
  isGateway: (secret: unknown) => boolean,
): Server<void> {
  const operations = new WeakMap<object, Operation>();
  const operationOf = (contextValue: unknown): Operation => {
    const operation =
      typeof contextValue === 'object' && contextValue !== null && operations.get(contextValue);
    if (!operation) throw new Error('unknown operation');
    return operation;
  };
  return makeServer<Record<string, unknown>, void>({
    onConnect: ({ connectionParams }) =>
      isGateway(connectionParamsSchema.safeParse(connectionParams).data?.gatewaySecret),
    onSubscribe: (_context, _id, payload) => {
      const extensions = subscribeExtensionsSchema.safeParse(payload.extensions ?? {});
      if (!extensions.success) return [badInput('The extensions are not understood.')];
      const { principal, requestId = newRequestId(), tellStart } = extensions.data;
      const context: RequestContext = { requestId, ...(principal && { principal }) };
      operations.set(context, { request: { ...requestOf(payload), tellStart }, context });
      try {
        // The executor validates (and remembers); graphql-ws only needs to know the kind of operation.
        const document = parse(payload.query);
        return {
          schema: executor.schema,
          document,
          operationName: payload.operationName,
          contextValue: context,
        };
      } catch (error) {
        return [badInput(messageOf(error))];
      }
    },
    subscribe: ({ contextValue }) => {
      const { request, context } = operationOf(contextValue);
      return executor.subscribe(request, context);
    },
    execute: ({ contextValue }) => {
      const { request, context } = operationOf(contextValue);
      return executor.execute(request, context);
    },
    onNext: (_context, _id, _payload, _args, result) => ({
      ...result,
      errors: result.errors?.map((e) => e.toJSON()),
    }),
  });
}

const badInput = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });

const requestOf = (payload: SubscribePayload): SubgraphRequest => ({
  query: payload.query,
  operationName: payload.operationName ?? undefined,
  variables: payload.variables ?? undefined,
});
