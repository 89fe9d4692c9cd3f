import { expect, test } from 'vitest';
import { decide } from './once.ts';

const at = (second: number) => new Date(second * 1_000);
const record = { notification: 'b', owners: ['a', 'b'], until: at(100) };

test.each([
  ['nobody was before', 'c', 50, undefined, { kind: 'again' }],
  ['another one was first', 'c', 50, record, { kind: 'lost', to: 'b' }],
  ['another one was first, though accepted later', 'c', 1, record, { kind: 'lost', to: 'b' }],
  ['its window is over', 'c', 100, record, { kind: 'again' }],
  ['it is the first itself, planned again', 'b', 50, record, { kind: 'first' }],
  ['it was the first of an earlier window, planned again', 'a', 1, record, { kind: 'first' }],
])('%s', (_what, notification, second, found, expected) => {
  expect(decide({ notification, acceptedAt: at(second) }, found)).toEqual(expected);
});
