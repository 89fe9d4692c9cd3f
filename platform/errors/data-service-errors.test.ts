import mongoose from 'mongoose';
import { describe, expect, test } from 'vitest';
import { isDataServiceError, isUnconfirmedWrite, TransactionTimeoutError } from './data-service-errors.ts';

const { MongoBulkWriteError, MongoError, MongoNetworkError, MongoServerError } = mongoose.mongo;

/** A bulk write's error as the driver makes it (lib/bulk/common.js). */
function bulkError(
  of: Error | { message: string; code: number; writeErrors: object[] },
  writeConcernError?: object,
): Error {
  const result = { getWriteConcernError: () => writeConcernError };
  return Reflect.construct(MongoBulkWriteError, [of, result]) as Error;
}

const duplicate = { message: 'E11000', code: 11000, writeErrors: [{ index: 1, code: 11000 }] };
const named = (name: string): Error => Object.assign(new Error('x'), { name });
const labelled = (label: string): Error => {
  const error = new MongoError('x');
  error.addErrorLabel(label);
  return error;
};

describe('isDataServiceError', () => {
  test.each<[string, Error]>([
    ['a lost connection', new MongoNetworkError('connection 1 closed')],
    ['a lost connection during a bulk write', bulkError(new MongoNetworkError('connection 1 closed'))],
    [
      'a bulk write with a duplicate that was not confirmed',
      bulkError(duplicate, { code: 64, errmsg: 'waiting for replication timed out' }),
    ],
    ['what it caused', new Error('no', { cause: new MongoNetworkError('closed') })],
    [
      'connections dropped because the monitor hears nothing (driver: connection_pool.js)',
      named('PoolClearedOnNetworkError'),
    ],
    ['no free connection in time', named('MongoWaitQueueTimeoutError')],
    ['a primary that steps down', new MongoServerError({ message: 'x', code: 189 })],
    ['no room on the disk', new MongoServerError({ message: 'x', code: 14031 })],
    [
      'a storage engine that has given up',
      new MongoServerError({ message: 'WiredTiger error: WT_PANIC', code: 1 }),
    ],
    ['a transaction that lost against others for good', labelled('TransientTransactionError')],
    ['a transaction that took too long', new TransactionTimeoutError(new Error('conflict'))],
    ['Redis without an answer', new Error('Command timed out')],
    ['no connection to Redis', new Error("Stream isn't writeable and enableOfflineQueue options is false")],
    [
      'Redis without memory',
      Object.assign(new Error('OOM command not allowed when used memory'), { name: 'ReplyError' }),
    ],
    [
      'Redis without disk',
      Object.assign(new Error('MISCONF Errors writing to the AOF file'), { name: 'ReplyError' }),
    ],
    ['a refused connection', Object.assign(new Error('x'), { code: 'ECONNREFUSED' })],
  ])('%s is one', (_what, error) => {
    expect(isDataServiceError(error)).toBe(true);
  });

  test.each<[string, unknown]>([
    ['a bug', new TypeError('undefined is not a function')],
    ['a duplicate key', new MongoServerError({ message: 'E11000', code: 11000 })],
    ['a bulk write with a duplicate', bulkError(duplicate)],
    ['a command that Redis does not know', Object.assign(new Error('ERR unknown'), { name: 'ReplyError' })],
    ['a query that is wrong', new MongoServerError({ message: 'BadValue', code: 2 })],
    ['no error at all', 'OOM '],
  ])('%s is none', (_what, error) => {
    expect(isDataServiceError(error)).toBe(false);
  });
});

describe('isUnconfirmedWrite', () => {
  test('is one where the write concern was not met, duplicates or not', () => {
    const unmet = { code: 64, errmsg: 'waiting for replication timed out' };
    expect(isUnconfirmedWrite(bulkError(duplicate, unmet))).toBe(true);
    expect(isUnconfirmedWrite(bulkError({ ...duplicate, writeErrors: [] }, unmet))).toBe(true);
  });
  test('a duplicate alone is none', () => {
    expect(isUnconfirmedWrite(bulkError(duplicate))).toBe(false);
  });
});
