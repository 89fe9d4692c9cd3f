/** GET and POST /graphql/stream: any operation, answered as server-sent events. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type GraphQLError, OperationTypeNode } from 'graphql';
import { graphQLErrorHandler } from '../../platform/http/graphql-errors.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { CallerAuthentication } from '../authentication/authenticator.ts';
import { authenticateRequest } from '../http/caller.ts';
import { ResultSink } from '../subscriptions/result-sink.ts';
import { acceptedRanges, accepts } from './accept.ts';
import type { OpenStreams } from './open-streams.ts';
import type { Started, StreamedOperations } from './operations.ts';
import { RequestError } from './request-error.ts';
import { sendErrors, statusOf } from './send-errors.ts';
import { serverSentEvents } from './server-sent-events.ts';
import { readParams } from './stream-params.ts';

export interface EventStreamRouteOptions {
  readonly operations: StreamedOperations;
  readonly streams: OpenStreams;
  readonly authenticator: CallerAuthentication;
  readonly log: Logger;
}

const PATH = '/graphql/stream';

export function registerEventStreamRoute(app: FastifyInstance, options: EventStreamRouteOptions): void {
  const { operations, streams, authenticator, log } = options;
  const errorHandler = graphQLErrorHandler(log);
  app.route({
    method: ['GET', 'POST'],
    url: PATH,
    exposeHeadRoute: false,
    errorHandler,
    onRequest: authenticateRequest(authenticator),
    handler: async (request, reply) => {
      streams.assertOpen();
      const { accept, authorization } = request.headers;
      if (!accepts(accept, 'text/event-stream'))
        throw new RequestError(
          406,
          'This path answers as text/event-stream only; the Accept header excludes it.',
        );
      const params = readParams(request);
      if (request.method === 'GET' && operations.kindOf(params) === OperationTypeNode.MUTATION) {
        reply.header('allow', 'POST');
        throw new RequestError(405, 'A mutation needs POST: GET must not change anything.');
      }
      const started = await operations.start(
        params,
        { requestId: request.id, authorization, headers: request.headers },
        lastEventId(request),
      );
      return answer(reply, started, accept, streams);
    },
  });
  // The single connection mode of GraphQL over SSE reserves streams with PUT and ends operations with DELETE.
  app.route({
    method: ['PUT', 'DELETE'],
    url: PATH,
    errorHandler,
    handler: async (_request, reply) => {
      reply.header('allow', 'GET, POST');
      throw new RequestError(
        405,
        'Each operation has a connection of its own here (the distinct connections mode of graphql-sse): use GET or POST.',
      );
    },
  });
}

async function answer(
  reply: FastifyReply,
  started: Started,
  accept: string | undefined,
  streams: OpenStreams,
): Promise<FastifyReply> {
  if (started.kind === 'results') {
    await streams.send(reply, started.results, { framing: serverSentEvents, idOf: started.idOf });
    return reply;
  }
  if (!readableOnlyInStream(started.errors, accept)) return sendErrors(reply, started.errors);
  const refusal = new ResultSink(1);
  refusal.push({ errors: started.errors });
  refusal.end();
  await streams.send(reply, refusal, { framing: serverSentEvents, idOf: () => undefined });
  return reply;
}

/**
 * Clients that take nothing but an event stream (EventSource, graphql-sse) see no other body, and try again after
 * any other status. So, by the protocol, they are told inside a stream what no other try would change. What they
 * could try again is a status for them, too.
 */
const readableOnlyInStream = (errors: readonly GraphQLError[], accept: string | undefined): boolean =>
  statusOf(errors) < 500 &&
  statusOf(errors) !== 401 &&
  acceptedRanges(accept).every(({ type }) => type === 'text/event-stream');

function lastEventId({ headers }: FastifyRequest): string | undefined {
  const id = headers['last-event-id'];
  return typeof id === 'string' && id !== '' ? id : undefined;
}
