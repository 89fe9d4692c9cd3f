/** What can go wrong between a caller and Herald. */

/** One entry of a GraphQL response's `errors` (https://spec.graphql.org/October2021/#sec-Errors). */
export interface GraphQLResponseError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** Herald answered with an error. The fields are those of its first one. */
export class HeraldRequestError extends Error {
  override readonly name = 'HeraldRequestError';
  /** `extensions.code` of the contract, for example BAD_USER_INPUT; UNKNOWN where the answer had none. */
  readonly code: string;
  /** The wrong input, for example `input.to.0.user`. */
  readonly field: string | undefined;
  /** With RATE_LIMITED: when to try again, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Names the request in Herald's logs. */
  readonly requestId: string | undefined;
  readonly errors: readonly GraphQLResponseError[];

  constructor(errors: readonly GraphQLResponseError[], requestId?: string) {
    const [first] = errors;
    super(first?.message ?? 'Herald answered with an error.');
    const { code, field, retryAfterMs } = first?.extensions ?? {};
    this.code = typeof code === 'string' ? code : 'UNKNOWN';
    this.field = typeof field === 'string' ? field : undefined;
    this.retryAfterMs = typeof retryAfterMs === 'number' ? retryAfterMs : undefined;
    this.requestId = requestId;
    this.errors = errors;
  }
}

/** Herald could not be reached, or what answered is no Herald. Whether the request was carried out is not known. */
export class HeraldConnectionError extends Error {
  override readonly name = 'HeraldConnectionError';
}
