/** The error codes of the public contract, in one place. */
import { GraphQLError } from 'graphql';

/** Codes that clients may rely on (`extensions.code`). */
export const ERROR_CODES = [
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'RATE_LIMITED',
  'UNAVAILABLE',
  'INTERNAL_SERVER_ERROR',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error meant for the caller: its message and extensions are shown as they are. */
export class HeraldError extends GraphQLError {
  override readonly name = 'HeraldError';
  readonly code: ErrorCode;
  /** The wrong input's path, for example `inputs.3.to.0.user`. */
  readonly field: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    details: { field?: string; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, {
      extensions: {
        code,
        ...(details.field !== undefined && { field: details.field }),
        ...(details.retryAfterMs !== undefined && { retryAfterMs: details.retryAfterMs }),
      },
      ...(details.cause instanceof Error && { originalError: details.cause }),
    });
    this.code = code;
    this.field = details.field;
  }
}

/** @param field path of the wrong input, dots between names and indexes. */
export const badInput = (field: string, message: string): HeraldError =>
  new HeraldError('BAD_USER_INPUT', message, { field });
export const notFound = (what: string, id: string): HeraldError =>
  new HeraldError('NOT_FOUND', `There is no ${what} "${id}".`);
export const forbidden = (message: string): HeraldError => new HeraldError('FORBIDDEN', message);
export const conflict = (message: string, field?: string): HeraldError =>
  new HeraldError('CONFLICT', message, field === undefined ? {} : { field });
export const unavailable = (message: string, cause?: unknown): HeraldError =>
  new HeraldError('UNAVAILABLE', message, { cause });
