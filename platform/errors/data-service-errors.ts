/** Tells failures of MongoDB or Redis from bugs, so that callers get UNAVAILABLE and may try again. */

const NETWORK_ERROR_NAMES = new Set([
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongoPoolClearedError',
  'MongoPoolClosedError',
  'MongoTopologyClosedError',
  'MongoNotConnectedError',
  'MongoWriteConcernError',
  'MongooseServerSelectionError',
  'MaxRetriesPerRequestError',
]);
const NETWORK_ERROR_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Whether `error`, or what caused it, says that a data service cannot be reached or cannot confirm a write. */
export function isDataServiceError(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (NETWORK_ERROR_NAMES.has(e.name)) return true;
    if ('code' in e && typeof e.code === 'string' && NETWORK_ERROR_CODES.has(e.code)) return true;
    if (e.message === 'Connection is closed.') return true;
  }
  return false;
}

/** MongoDB's duplicate key error (E11000), single or in a bulk write. */
export const isDuplicateKeyError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 11000;
