/** A request that HTTP itself has a status for. */

/** Answered by `graphQLErrorHandler` with this status, in GraphQL's shape, as BAD_USER_INPUT. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly statusCode: 405 | 406 | 415;

  constructor(statusCode: RequestError['statusCode'], message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}
