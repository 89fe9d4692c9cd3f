import { describe, expect, it } from 'vitest';
import { jsonProblem, storedJsonProblem } from './json-problem.ts';

const nested = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);

describe('jsonProblem', () => {
  it.each([
    undefined,
    null,
    7,
    'text',
    [],
    { $gt: '', 'a.b': 1, '': 2 },
    { _bsontype: 'ObjectId' },
    nested(64),
    'x'.repeat(65_534),
  ])('takes %#', (value) => {
    expect(jsonProblem(value)).toBeUndefined();
  });

  it.each([
    ['65 levels', nested(65), /64 levels/],
    ['lists 65 levels deep', JSON.parse('['.repeat(65) + ']'.repeat(65)), /64 levels/],
    ['more levels than can be serialised', nested(10_000), /64 levels/],
    ['more than 64 KiB', 'x'.repeat(65_535), /64 KiB/],
  ])('refuses %s', (_what, value, message) => {
    expect(jsonProblem(value)).toMatch(message);
    expect(storedJsonProblem(value)).toMatch(message);
  });
});

describe('storedJsonProblem', () => {
  it.each([
    [{ $gt: '', 'a.b': 1 }],
    [{ text: '_bsontype\u0000' }],
    [JSON.parse('{"__proto__":{"a":1}}')],
    [['a']],
  ])('takes %j', (value) => {
    expect(storedJsonProblem(value)).toBeUndefined();
  });

  it.each([
    [{ _bsontype: 'ObjectId' }, 'A member cannot be called "_bsontype".'],
    [{ list: [{ x: { _bsontype: 1 } }] }, 'A member cannot be called "_bsontype".'],
    [{ 'a\u0000b': 1 }, 'A member cannot be called "a\\u0000b".'],
  ])('refuses %j', (value, message) => {
    expect(storedJsonProblem(value)).toBe(message);
  });
});
