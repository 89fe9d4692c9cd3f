/** What callers of the gateway see of an error: the contract's codes, nothing about the inside. */
import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import { GraphQLError } from 'graphql';
import type { RequestContext } from '../../platform/auth/principal.ts';
import { INTERNAL_ERROR_MESSAGE, maskThrown } from '../../platform/graphql/error-masking.ts';
import type { Logger } from '../../platform/logging/logger.ts';

/** Apollo's codes for requests that cannot run as they are; the contract has one code for all of them. */
const CALLER_FAULTS: ReadonlySet<unknown> = new Set([
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
]);
/** Codes that only say that something inside failed. */
const INTERNAL_CODES: ReadonlySet<unknown> = new Set([
  undefined,
  'INTERNAL_SERVER_ERROR',
  'DOWNSTREAM_SERVICE_ERROR',
]);
/** Extensions that tell of the inside. `http` stays: Apollo Server takes the response's status from it and removes it. */
const INTERNAL_EXTENSIONS = ['serviceName', 'stacktrace', 'exception', 'service', 'subgraph'];

/** The errors of a result, each as callers may see it; bugs are logged and masked. */
export function publicErrors(result: ExecutionResult, context: RequestContext, log: Logger): ExecutionResult {
  if (!result.errors) return result;
  return { ...result, errors: result.errors.map((error) => publicError(error, context, log)) };
}

/** One error, or whatever was thrown, as callers may see it. */
export function publicError(thrown: unknown, context: RequestContext, log: Logger): GraphQLError {
  const masked = maskThrown(withoutFederationCode(thrown), context, log);
  const extensions = publicExtensions(masked.extensions);
  return extensions === masked.extensions ? masked : withExtensions(masked, extensions);
}

/** Apollo Server's `formatError`: for what fails outside of an execution (parsing, validation, the HTTP request). */
export function formatPublicError(
  log: Logger,
): (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError {
  return (formatted, error) => {
    const extensions = formatted.extensions ?? {};
    if (!INTERNAL_CODES.has(extensions.code))
      return { ...formatted, extensions: publicExtensions(extensions) };
    // With an id it was logged and masked where it happened.
    const { requestId } = extensions;
    if (requestId === undefined) log.error({ err: error }, 'request failed outside of an execution');
    return {
      message: INTERNAL_ERROR_MESSAGE,
      ...(formatted.path && { path: formatted.path }),
      extensions: { code: 'INTERNAL_SERVER_ERROR', ...(requestId !== undefined && { requestId }) },
    };
  };
}

function publicExtensions(extensions: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const callerFault = CALLER_FAULTS.has(extensions.code);
  if (!callerFault && !INTERNAL_EXTENSIONS.some((name) => name in extensions)) return extensions;
  const shown = Object.fromEntries(
    Object.entries(extensions).filter(([name]) => !INTERNAL_EXTENSIONS.includes(name)),
  );
  return callerFault ? { ...shown, code: 'BAD_USER_INPUT' } : shown;
}

function withoutFederationCode(thrown: unknown): unknown {
  if (!(thrown instanceof GraphQLError) || thrown.extensions.code !== 'DOWNSTREAM_SERVICE_ERROR')
    return thrown;
  const { code: _, ...extensions } = thrown.extensions;
  return withExtensions(thrown, extensions);
}

const withExtensions = (error: GraphQLError, extensions: Readonly<Record<string, unknown>>): GraphQLError =>
  new GraphQLError(error.message, {
    ...(error.nodes && { nodes: error.nodes }),
    ...(error.path && { path: error.path }),
    ...(error.originalError && { originalError: error.originalError }),
    extensions: { ...extensions },
  });
