/** GET and POST /graphql. */
import { type ApolloServer, HeaderMap } from '@apollo/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RequestContext } from '../../platform/auth/principal.ts';
import { graphQLErrorHandler } from '../../platform/http/graphql-errors.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { CallerAuthentication } from '../authentication/authenticator.ts';
import type { StreamedAnswer } from '../http-streams/multipart-subscriptions.ts';
import { authenticateRequest, callerContext } from './caller.ts';

/** A page that browsers get at GET /graphql in place of an answer. */
export type GraphQLPage = (request: FastifyRequest, reply: FastifyReply) => unknown;

export interface GraphQLRouteOptions {
  readonly apollo: ApolloServer<RequestContext>;
  readonly authenticator: CallerAuthentication;
  /** Names of callers' headers that subgraphs of others are given. */
  readonly forward: readonly string[];
  readonly log: Logger;
  readonly page?: GraphQLPage | undefined;
  /** Answers what is answered in parts. */
  readonly streamed: StreamedAnswer;
}

/** What Apollo Server reads: content negotiation and its CSRF prevention. */
const FORWARDED_HEADERS = [
  'content-type',
  'accept',
  'x-apollo-operation-name',
  'apollo-require-preflight',
  'authorization',
];

/**
 * Own glue in place of @as-integrations/fastify: that one parses a URL and copies every header for each request.
 * Wrong credentials are 401, an oversized body 413, bad JSON 400, all in GraphQL's shape.
 */
export function registerGraphQLRoute(app: FastifyInstance, options: GraphQLRouteOptions): void {
  const { apollo, authenticator, forward, log, page, streamed } = options;
  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    errorHandler: graphQLErrorHandler(log),
    onRequest: authenticateRequest(authenticator),
    handler: async (request, reply) => {
      if (page && wantsPage(request)) return page(request, reply);
      if (await streamed(request, reply)) return reply;
      const { status, headers, body } = await apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: {
          method: request.method,
          headers: forwarded(request),
          search: searchOf(request.url),
          body: request.body,
        },
        context: async () => callerContext(request, forward),
      });
      reply.code(status ?? 200).header('cache-control', 'no-store');
      for (const [name, value] of headers) reply.header(name, value);
      // Nothing here uses @defer, so an answer never comes in parts.
      if (body.kind !== 'complete') throw new Error('incremental delivery is not supported');
      return body.string;
    },
  });
}

function forwarded(request: FastifyRequest): HeaderMap {
  const headers = new HeaderMap();
  for (const name of FORWARDED_HEADERS) {
    const value = request.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  return headers;
}

const searchOf = (url: string): string => {
  const at = url.indexOf('?');
  return at === -1 ? '' : url.slice(at);
};

/** A browser that navigates here; a GET that carries a query wants its answer. */
const wantsPage = (request: FastifyRequest): boolean =>
  request.method === 'GET' &&
  (request.headers.accept ?? '').includes('text/html') &&
  !new URLSearchParams(searchOf(request.url)).has('query');
