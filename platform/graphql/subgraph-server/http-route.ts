/** POST /graphql of a subgraph. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { RequestContext } from '../../auth/principal.ts';
import { HeraldError } from '../../errors/herald-error.ts';
import { graphQLErrorHandler } from '../../http/graphql-errors.ts';
import type { Logger } from '../../logging/logger.ts';
import type { SubgraphExecutor } from '../subgraph-executor.ts';
import { decodePrincipal, GATEWAY_SECRET_HEADER, PRINCIPAL_HEADER } from '../subgraph-protocol.ts';

const bodySchema = z.object({
  query: z.string(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
});

export interface SubgraphRouteOptions {
  readonly executor: SubgraphExecutor;
  isGateway(secret: unknown): boolean;
  readonly log: Logger;
}

/** Only requests with the gateway's secret are read at all: others get 401 UNAUTHENTICATED. */
export function registerSubgraphRoute(
  app: FastifyInstance,
  { executor, isGateway, log }: SubgraphRouteOptions,
): void {
  app.route({
    method: 'POST',
    url: '/graphql',
    errorHandler: graphQLErrorHandler(log),
    onRequest: async (request) => {
      if (!isGateway(request.headers[GATEWAY_SECRET_HEADER]))
        throw new HeraldError('UNAUTHENTICATED', 'A subgraph answers only its gateway.');
    },
    handler: async (request, reply) => {
      const body = bodySchema.safeParse(request.body);
      if (!body.success) throw new HeraldError('BAD_USER_INPUT', 'The body is no GraphQL request.');
      const { query, operationName, variables } = body.data;
      const result = await executor.execute(
        { query, operationName: operationName ?? undefined, variables: variables ?? undefined },
        contextOf(request),
      );
      reply.header('content-type', 'application/json; charset=utf-8');
      return JSON.stringify(result);
    },
  });
}

function contextOf(request: FastifyRequest): RequestContext {
  const header = request.headers[PRINCIPAL_HEADER];
  if (header === undefined) return { requestId: request.id };
  try {
    return { requestId: request.id, principal: decodePrincipal(String(header)) };
  } catch (error) {
    throw new HeraldError('BAD_USER_INPUT', `${PRINCIPAL_HEADER} is not understood.`, { cause: error });
  }
}
