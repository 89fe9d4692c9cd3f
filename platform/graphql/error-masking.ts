/** Which errors of an execution are shown to callers, and what stands for the others. */
import { GraphQLError } from 'graphql';
import type { RequestContext } from '../auth/principal.ts';
import { isDataServiceError } from '../errors/data-service-errors.ts';
import type { Logger } from '../logging/logger.ts';

/** Shown in place of a bug's message. */
export const INTERNAL_ERROR_MESSAGE = 'Internal error';
/** Shown when MongoDB, Redis or another data service cannot be reached. */
export const UNAVAILABLE_MESSAGE = 'A data service cannot be reached. Try again in a moment.';

/**
 * The error as callers see it. One with a code of its own (a HeraldError, or any GraphQLError that carries
 * `extensions.code`) stays; a failing data service becomes UNAVAILABLE; everything else is a bug: it is logged
 * with the request's id and masked as INTERNAL_SERVER_ERROR that carries this id in `extensions.requestId`.
 */
export function maskError(error: GraphQLError, context: RequestContext, log: Logger): GraphQLError {
  const { code } = error.extensions;
  if (typeof code === 'string' && code !== 'INTERNAL_SERVER_ERROR') return error;
  if (isMasked(error)) return error;
  const thrown = thrownError(error);
  const { requestId } = context;
  if (isDataServiceError(thrown)) {
    log.warn({ err: thrown, requestId, path: error.path }, 'data service unavailable');
    return replaced(error, UNAVAILABLE_MESSAGE, { code: 'UNAVAILABLE' });
  }
  if (isArgumentError(error)) return replaced(error, error.message, { code: 'BAD_USER_INPUT' });
  log.error({ err: thrown, requestId, path: error.path }, 'resolver failed');
  return replaced(error, INTERNAL_ERROR_MESSAGE, { code: 'INTERNAL_SERVER_ERROR', requestId });
}

/** `maskError` for whatever was thrown. */
export const maskThrown = (thrown: unknown, context: RequestContext, log: Logger): GraphQLError =>
  maskError(asGraphQLError(thrown), context, log);

function asGraphQLError(thrown: unknown): GraphQLError {
  if (thrown instanceof GraphQLError) return thrown;
  const originalError = thrown instanceof Error ? thrown : new Error(String(thrown));
  return new GraphQLError(originalError.message, { originalError });
}

/** Masked already, by the subgraph that logged it. */
const isMasked = (error: GraphQLError): boolean =>
  error.message === INTERNAL_ERROR_MESSAGE && typeof error.extensions.requestId === 'string';

/** What a resolver threw, under the layers that locate it. */
function thrownError(error: GraphQLError): Error {
  let thrown: Error = error;
  while (thrown instanceof GraphQLError && thrown.originalError) thrown = thrown.originalError;
  return thrown;
}

/** graphql-js's own refusal of an argument at execution (a variable that is null where the argument may not be). */
const isArgumentError = (error: GraphQLError): boolean =>
  thrownError(error) instanceof GraphQLError && error.message.startsWith('Argument "');

const replaced = (error: GraphQLError, message: string, extensions: Record<string, unknown>): GraphQLError =>
  new GraphQLError(message, {
    ...(error.nodes && { nodes: error.nodes }),
    ...(error.path && { path: error.path }),
    extensions,
  });
