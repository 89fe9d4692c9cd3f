import { expect, test } from 'vitest';
import { schemaCostProblem } from './schema-cost.ts';
import { variablesProblem } from './variables.ts';

const doubling = (levels: number, keyword = 'allOf') => ({
  $ref: '#/definitions/l0',
  definitions: Object.fromEntries(
    Array.from({ length: levels }, (_, i) => [
      `l${i}`,
      i === levels - 1
        ? { type: 'object' }
        : { [keyword]: [{ $ref: `#/definitions/l${i + 1}` }, { $ref: `#/definitions/l${i + 1}` }] },
    ]),
  ),
});
const tree = { properties: { left: { $ref: '#' }, right: { $ref: '#' }, all: { items: { $ref: '#' } } } };

test.each([
  [true],
  [{}],
  [tree],
  [doubling(5)],
  [
    {
      properties: { a: { $ref: '#/$defs/a' }, b: { $ref: '#/$defs/a' } },
      $defs: { a: { properties: { up: { $ref: '#' } } } },
    },
  ],
  [{ $ref: '#/definitions/no/where%' }],
])('%j takes no time', (schema) => {
  expect(schemaCostProblem(schema)).toBeUndefined();
});

test.each([
  ['doubling references', doubling(40), /more than 10000 schemas/],
  ['doubling choices', doubling(40, 'anyOf'), /more than 10000 schemas/],
  [
    'two ways for the same value',
    { anyOf: [{ properties: { a: { $ref: '#' } } }, { properties: { a: { $ref: '#' } } }] },
    /by two ways for the same value \(a\)/,
  ],
  [
    'two ways, one by a pattern and a detour',
    {
      properties: { a: { $ref: '#/definitions/x' } },
      patternProperties: { '.': { $ref: '#' } },
      definitions: { x: { allOf: [{ $ref: '#' }] } },
    },
    /by two ways/,
  ],
])('%s', (_, schema, message) => {
  const start = performance.now();
  expect(variablesProblem(schema)).toMatch(message);
  expect(performance.now() - start).toBeLessThan(10_000);
});
