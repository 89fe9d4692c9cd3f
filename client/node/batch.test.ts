import { expect, test } from 'vitest';
import { HeraldConnectionError, HeraldRequestError } from '../errors.ts';
import { batchesOf, fieldOfOne, isRetryable, namedInputs } from './batch.ts';

const refusal = (code: string, field?: string) => ({ message: 'No.', extensions: { code, field } });

test.each<[number[], number[][]]>([
  [[], []],
  [
    [1, 1, 1],
    [[1, 1], [1]],
  ],
  [
    [6, 6],
    [[6], [6]],
  ],
  [
    [20, 1],
    [[20], [1]],
  ],
  [
    [5, 5, 5],
    [[5, 5], [5]],
  ],
])('batchesOf %j', (sizes, batches) => {
  const entries = sizes.map((bytes) => ({ bytes }));
  const found = batchesOf(entries, { maxEntries: 2, maxBytes: 10 });
  expect(found.map((batch) => batch.map(({ bytes }) => bytes))).toEqual(batches);
});

test.each([
  [new HeraldConnectionError('Lost.'), true],
  [new HeraldRequestError([refusal('UNAVAILABLE')]), true],
  [new HeraldRequestError([refusal('RATE_LIMITED')]), true],
  [new HeraldRequestError([refusal('INTERNAL_SERVER_ERROR')]), true],
  [new HeraldRequestError([refusal('BAD_USER_INPUT')]), false],
  [new HeraldRequestError([refusal('CONFLICT')]), false],
  [new TypeError('ours'), false],
])('isRetryable(%s)', (error, retryable) => {
  expect(isRetryable(error)).toBe(retryable);
});

test('a refusal names inputs by their places', () => {
  const error = new HeraldRequestError([
    refusal('BAD_USER_INPUT', 'inputs.12.channels.0'),
    refusal('BAD_USER_INPUT', 'inputs.3'),
    refusal('BAD_USER_INPUT', 'inputs'),
    refusal('BAD_USER_INPUT'),
  ]);
  const named = namedInputs(error);
  expect([...named.keys()]).toEqual([12, 3]);
  expect(named.get(12)).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.channels.0' });
});

test.each([
  ['inputs.3.to.0.user', 'input.to.0.user'],
  ['inputs.3', 'input'],
  ['idempotencyKey', 'idempotencyKey'],
])('fieldOfOne(%s)', (field, one) => {
  expect(fieldOfOne(field)).toBe(one);
});
