/** Reads what a subgraph in another process answered. */
import { type ExecutionResult, GraphQLError } from 'graphql';
import { z } from 'zod';

const resultSchema = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(
      z.object({
        message: z.string(),
        path: z.array(z.union([z.string(), z.number()])).optional(),
        extensions: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .optional(),
  extensions: z.object({ startCursor: z.string().optional() }).optional(),
});

/**
 * Only the frame is checked: the data was made by a GraphQL execution and is passed on as it is.
 * @throws ZodError when it is no GraphQL result.
 */
export function remoteResult(answer: unknown): ExecutionResult {
  if (isPlainSuccess(answer)) return { data: answer.data };
  const { data, errors, extensions } = resultSchema.parse(answer);
  return {
    ...(data !== undefined && { data }),
    ...(data === undefined && extensions?.startCursor !== undefined && { extensions }),
    ...(errors && {
      errors: errors.map(({ message, path, extensions }) => new GraphQLError(message, { path, extensions })),
    }),
  };
}

/** The common case, without copying a large answer. */
const isPlainSuccess = (answer: unknown): answer is { data: Record<string, unknown> } =>
  typeof answer === 'object' &&
  answer !== null &&
  !('errors' in answer) &&
  'data' in answer &&
  typeof answer.data === 'object' &&
  answer.data !== null;
