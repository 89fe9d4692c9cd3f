/** Errors before a stream: an ordinary answer of GraphQL over HTTP. */
import type { FastifyReply } from 'fastify';
import type { GraphQLError } from 'graphql';
import { ERROR_CODES } from '../../platform/errors/herald-error.ts';
import { httpStatusOf } from '../../platform/http/graphql-errors.ts';

/** The status that stands for what kept an operation from running. */
export function statusOf(errors: readonly GraphQLError[]): number {
  const code = ERROR_CODES.find((known) => known === errors[0]?.extensions.code);
  return code ? httpStatusOf(code) : 400;
}

export function sendErrors(reply: FastifyReply, errors: readonly GraphQLError[]): FastifyReply {
  const status = statusOf(errors);
  reply.code(status).header('cache-control', 'no-store');
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.send({ errors: errors.map((error) => error.toJSON()) });
}
