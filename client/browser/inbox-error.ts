import type { InboxError } from './inbox-types.ts';

/** CONNECTION: Herald cannot be reached, or the connection was lost. The others are the contract's. */
export const CONNECTION = 'CONNECTION';
export const UNAUTHENTICATED = 'UNAUTHENTICATED';

/** What the promises of an inbox and of web push reject with. */
export class HeraldInboxError extends Error implements InboxError {
  override readonly name = 'HeraldInboxError';
  readonly code: string;
  declare readonly field?: string;
  declare readonly retryAfterMs?: number;

  constructor({ code, message, field, retryAfterMs }: InboxError) {
    super(message);
    this.code = code;
    if (field !== undefined) this.field = field;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }

  /** As a plain object: for snapshots and other tabs. */
  get plain(): InboxError {
    const { code, message, field, retryAfterMs } = this;
    return {
      code,
      message,
      ...(field !== undefined && { field }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  }
}

export const connectionError = (message: string): HeraldInboxError =>
  new HeraldInboxError({ code: CONNECTION, message });

/** Whatever was thrown, as an error of ours. */
export const asInboxError = (thrown: unknown): HeraldInboxError =>
  thrown instanceof HeraldInboxError
    ? thrown
    : connectionError(thrown instanceof Error ? thrown.message : String(thrown));

/** The first of a GraphQL response's errors. */
export function errorOf(errors: unknown): HeraldInboxError {
  const [first] = Array.isArray(errors) ? (errors as unknown[]) : [];
  const { message, extensions } = (first ?? {}) as {
    message?: unknown;
    extensions?: Readonly<Record<string, unknown>>;
  };
  const { code, field, retryAfterMs } = extensions ?? {};
  return new HeraldInboxError({
    code: typeof code === 'string' ? code : 'UNKNOWN',
    message: typeof message === 'string' ? message : 'Herald answered with an error.',
    ...(typeof field === 'string' && { field }),
    ...(typeof retryAfterMs === 'number' && { retryAfterMs }),
  });
}
