/** Tells failures of MongoDB or Redis from bugs, so that callers get UNAVAILABLE and may try again. */

const ERROR_NAMES = new Set([
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongoPoolClearedError',
  'PoolClearedOnNetworkError',
  'MongoPoolClosedError',
  'MongoWaitQueueTimeoutError',
  'MongoTopologyClosedError',
  'MongoNotConnectedError',
  'MongoWriteConcernError',
  'MongooseServerSelectionError',
  'TransactionTimeoutError',
  'NoAnswerError',
  'MaxRetriesPerRequestError',
]);
const SYSTEM_ERROR_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/**
 * MongoDB's own: it is going away, not the primary, cannot confirm a write, or has no room for it.
 * https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
 */
const MONGODB_ERROR_CODES = new Set([
  6, 7, 63, 64, 79, 89, 91, 100, 133, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 14031, 16500,
]);
/** What the MongoDB driver says of a failure that another try may mend. */
const MONGODB_ERROR_LABELS = [
  'RetryableWriteError',
  'RetryableReadError',
  'TransientTransactionError',
  'UnknownTransactionCommitResult',
];
/** ioredis has no class for these. */
const REDIS_MESSAGES = new Set([
  'Connection is closed.',
  'Command timed out',
  'Command aborted due to connection close',
  "Stream isn't writeable and enableOfflineQueue options is false",
]);
/** First words of Redis's refusals: it has no memory or disk left, is starting, or is not the primary. */
const REDIS_REFUSALS = /^(OOM|MISCONF|LOADING|READONLY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|BUSY) /;

/** Without a code of its own: WiredTiger has no room, or has given up after it had none and waits for a restart. */
const STORAGE_ENGINE_FAILURE = /WT_PANIC|WiredTiger error|No space left on device/;

/** A transaction had to begin again for longer than it may: conflicts, or a store that comes and goes. */
export class TransactionTimeoutError extends Error {
  override readonly name = 'TransactionTimeoutError';
  constructor(cause: unknown) {
    super('The transaction could not be completed in time.', { cause });
  }
}

/** A data service, or its driver, came back neither with an answer nor with a failure. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  constructor(ms: number) {
    super(`no answer within ${ms / 1_000} s`);
  }
}

/**
 * Whether `error`, or what caused it, says that a data service cannot be reached, takes nothing at present or cannot
 * confirm a write. What was to be written may have been.
 */
export function isDataServiceError(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause) if (saysSo(e)) return true;
  return false;
}

function saysSo(error: Error): boolean {
  if (ERROR_NAMES.has(error.name) || REDIS_MESSAGES.has(error.message)) return true;
  if (error.name === 'ReplyError' && REDIS_REFUSALS.test(error.message)) return true;
  if ('code' in error) {
    if (typeof error.code === 'string' && SYSTEM_ERROR_CODES.has(error.code)) return true;
    if (typeof error.code === 'number' && MONGODB_ERROR_CODES.has(error.code)) return true;
  }
  if (error.name.startsWith('Mongo') && STORAGE_ENGINE_FAILURE.test(error.message)) return true;
  return hasRetryLabel(error) || isBrokenOffBulkWrite(error) || isUnconfirmedWrite(error);
}

const hasRetryLabel = (error: Error): boolean =>
  'errorLabels' in error &&
  Array.isArray(error.errorLabels) &&
  error.errorLabels.some((label) => MONGODB_ERROR_LABELS.includes(label));

/** The driver wraps the loss of a connection during a bulk write in a MongoBulkWriteError that says nothing else. */
const isBrokenOffBulkWrite = (error: Error): boolean =>
  error.name === 'MongoBulkWriteError' &&
  (!('code' in error) || error.code === undefined) &&
  'writeErrors' in error &&
  Array.isArray(error.writeErrors) &&
  error.writeErrors.length === 0;

/**
 * Whether MongoDB did not confirm a bulk write as asked (`w`, `j`): what is not among its `writeErrors` was written, but
 * may be lost. The driver keeps this in the error's result, beside duplicate keys and other failures of single ones.
 */
export function isUnconfirmedWrite(error: unknown): boolean {
  if (!(error instanceof Error) || !('result' in error)) return false;
  const { result } = error;
  return (
    typeof result === 'object' &&
    result !== null &&
    'getWriteConcernError' in result &&
    typeof result.getWriteConcernError === 'function' &&
    result.getWriteConcernError() !== undefined
  );
}

/** MongoDB's duplicate key error (E11000), single or in a bulk write. */
export const isDuplicateKeyError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 11000;
