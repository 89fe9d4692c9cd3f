/** GraphQL over HTTP: POST /graphql. */

/** @typedef {{ message: string, extensions?: { code?: string, field?: string, [name: string]: unknown } }} GraphQLError */
/** @typedef {{ data?: unknown, errors?: GraphQLError[] }} GraphQLAnswer */

/** An answer with errors, or none at all. */
export class RequestFailed extends Error {
  /**
   * @param {string} message @param {string | undefined} code the contract's, where there is one
   * @param {string} [field] the wrong input's path, for example `input.config.authToken`
   */
  constructor(message, code, field) {
    super(message);
    this.name = 'RequestFailed';
    this.code = code;
    this.field = field;
  }
}

/**
 * The whole answer, errors and all.
 * @param {string | undefined} credential an API key, an operator key or a user token
 * @param {string} query
 * @param {Record<string, unknown>} [variables]
 * @returns {Promise<{ status: number, answer: GraphQLAnswer }>}
 */
export async function post(credential, query, variables = {}) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(credential && { authorization: `Bearer ${credential}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, answer: await response.json() };
}

/**
 * The data of an answer. Its shape is the query's: `T` says it.
 * @template T
 * @param {string | undefined} credential
 * @param {string} query
 * @param {Record<string, unknown>} [variables]
 * @returns {Promise<T>}
 * @throws {RequestFailed} when the answer has errors; TypeError when there is no connection.
 */
export async function request(credential, query, variables) {
  const { status, answer } = await post(credential, query, variables);
  const [error] = answer.errors ?? [];
  if (error) throw new RequestFailed(error.message, error.extensions?.code, error.extensions?.field);
  if (!answer.data) throw new RequestFailed(`The answer has no data (HTTP ${status}).`, undefined);
  return /** @type {T} */ (answer.data);
}

/** A sentence about what went wrong. @param {unknown} error */
export const sentenceOf = (error) =>
  error instanceof TypeError
    ? 'Herald does not answer. Is it running?'
    : error instanceof Error
      ? error.message
      : String(error);
