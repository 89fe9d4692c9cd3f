/** Failures outside of a GraphQL execution (credentials, body), answered in GraphQL's shape. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, HeraldError } from '../errors/herald-error.ts';
import type { Logger } from '../logging/logger.ts';

const STATUS: Readonly<Record<ErrorCode, number>> = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  INTERNAL_SERVER_ERROR: 500,
};

/** The HTTP status that stands for an error code where a whole request failed. */
export const httpStatusOf = (code: ErrorCode): number => STATUS[code];

/** A Fastify error handler: `{"errors": [{message, extensions: {code}}]}` with the fitting status. Bugs are logged and masked. */
export const graphQLErrorHandler =
  (log: Logger) =>
  (error: FastifyError | HeraldError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (error instanceof HeraldError)
      return send(reply, httpStatusOf(error.code), error.message, error.extensions);
    const status = error.statusCode ?? 500;
    if (status < 500) return send(reply, status, error.message, { code: 'BAD_USER_INPUT' });
    log.error({ err: error, requestId: request.id, url: request.url }, 'request failed');
    return send(reply, 500, 'Internal error', { code: 'INTERNAL_SERVER_ERROR', requestId: request.id });
  };

function send(
  reply: FastifyReply,
  status: number,
  message: string,
  extensions: Readonly<Record<string, unknown>>,
): FastifyReply {
  reply.code(status).header('cache-control', 'no-store');
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.send({ errors: [{ message, extensions }] });
}
