/** Subscriptions on /graphql itself, for clients that ask for `multipart/mixed;subscriptionSpec=1.0`. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OperationTypeNode } from 'graphql';
import { multipart, wantsMultipart } from './multipart.ts';
import type { OpenStreams } from './open-streams.ts';
import type { StreamedOperations } from './operations.ts';
import { sendErrors } from './send-errors.ts';
import { readParams } from './stream-params.ts';

/** @returns whether it has answered; what is no such subscription is left to the others. */
export type StreamedAnswer = (request: FastifyRequest, reply: FastifyReply) => Promise<boolean>;

export const multipartSubscriptions =
  (operations: StreamedOperations, streams: OpenStreams): StreamedAnswer =>
  async (request, reply) => {
    const { accept, authorization } = request.headers;
    if (request.method === 'HEAD' || !wantsMultipart(accept)) return false;
    const params = readParams(request);
    const kind = operations.kindOf(params);
    if (kind !== undefined && kind !== OperationTypeNode.SUBSCRIPTION) return false;
    streams.assertOpen();
    const started = await operations.start(params, {
      requestId: request.id,
      authorization,
      headers: request.headers,
    });
    if (started.kind === 'refused') await sendErrors(reply, started.errors);
    else await streams.send(reply, started.results, { framing: multipart, idOf: started.idOf });
    return true;
  };
