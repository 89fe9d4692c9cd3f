import { describe, expect, test } from 'vitest';
import { compileVariables, variablesProblem } from './variables.ts';

describe('compileVariables', () => {
  const schema = {
    type: 'object',
    required: ['order'],
    properties: {
      order: {
        type: 'object',
        required: ['id'],
        properties: {
          id: { type: 'string' },
          total: { type: 'number', minimum: 0 },
          'a/b~c': { type: 'string' },
        },
      },
      state: { enum: ['paid', 'open'] },
      mail: { type: 'string', format: 'email' },
      items: { type: 'array', items: { type: 'object', required: ['name'] } },
    },
    additionalProperties: false,
  };
  const check = compileVariables(schema);

  test.each<[unknown, string, string]>([
    [undefined, 'order', 'The template requires the variable "order".'],
    [null, 'order', 'The template requires the variable "order".'],
    [{}, 'order', 'The template requires the variable "order".'],
    [{ order: {} }, 'order.id', 'The template requires the variable "order.id".'],
    [{ order: { id: 7 } }, 'order.id', 'The variable "order.id" must be string.'],
    [{ order: { id: 'a', total: -1 } }, 'order.total', 'The variable "order.total" must be >= 0.'],
    [{ order: { id: 'a', 'a/b~c': 1 } }, 'order.a/b~c', 'The variable "order.a/b~c" must be string.'],
    [
      { order: { id: 'a' }, state: 'lost' },
      'state',
      'The variable "state" must be equal to one of the allowed values: "paid", "open".',
    ],
    [{ order: { id: 'a' }, mail: 'x' }, 'mail', 'The variable "mail" must match format "email".'],
    [
      { order: { id: 'a' }, items: [{ name: 'x' }, {}] },
      'items.1.name',
      'The template requires the variable "items.1.name".',
    ],
    [{ order: { id: 'a' }, extra: 1 }, 'extra', 'The template has no variable "extra".'],
    ['text', '', "The template's variables must be an object."],
    [[1], '', "The template's variables must be an object."],
  ])('%j: %s', (data, path, message) => {
    expect(check(data)).toEqual({ path, message });
  });

  test('data that fit have no problem', () => {
    expect(check({ order: { id: 'a', total: 1 }, items: [] })).toBeUndefined();
  });

  test('without a schema any object will do, and nothing else', () => {
    const any = compileVariables(undefined);
    expect(any(undefined)).toBeUndefined();
    expect(any({ a: 1 })).toBeUndefined();
    expect(any(7)).toEqual({ path: '', message: "The template's variables must be an object." });
  });

  test('a required name is not found on the prototype', () => {
    const own = compileVariables({ required: ['constructor'] });
    expect(own({})).toEqual({
      path: 'constructor',
      message: 'The template requires the variable "constructor".',
    });
  });

  test('two schemas may have the same $id', () => {
    const make = (name: string) => compileVariables({ $id: 'https://x.example/same', required: [name] });
    expect(make('a')({ b: 1 })?.path).toBe('a');
    expect(make('b')({ a: 1 })?.path).toBe('b');
  });

  test('patterns mean what they mean in JavaScript', () => {
    const code = compileVariables({ properties: { a: { pattern: '^\\p{L}\\d{2}-\\u0041$' } } });
    expect(code({ a: 'é42-A' })).toBeUndefined();
    expect(code({ a: 'é42-B' })?.path).toBe('a');
  });

  test.each([
    ['pattern', { properties: { a: { pattern: '^(a+)+$' } } }, { a: `${'a'.repeat(40_000)}!` }],
    ['patternProperties', { patternProperties: { '^(a+)+$': false } }, { [`${'a'.repeat(40_000)}!`]: 1 }],
  ])('a %s that backtracks for years is answered at once', (_what, schema, data) => {
    const validate = compileVariables(schema);
    const start = performance.now();
    validate(data);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('data nested deeper than the schema can follow are a problem, not a crash', () => {
    const recursive = compileVariables({ properties: { a: { $ref: '#' } } });
    const deep = JSON.parse(`${'{"a":'.repeat(12_000)}1${'}'.repeat(12_000)}`) as unknown;
    expect(recursive(deep)).toEqual({ path: '', message: 'The variables are nested too deeply.' });
  });
});

describe('variablesProblem', () => {
  test.each<[unknown]>([
    [{}],
    [{ required: ['a'] }],
    [
      {
        $schema: 'http://json-schema.org/draft-07/schema#',
        type: 'object',
        definitions: { x: { type: 'string' } },
      },
    ],
    [
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $defs: { x: {} },
        properties: { a: { $ref: '#/$defs/x' } },
      },
    ],
    [{ properties: { a: { type: 'string', format: 'date-time', description: 'when', 'x-ours': 1 } } }],
    [{ properties: { a: { $ref: '#' } } }],
  ])('%j is usable', (schema) => {
    expect(variablesProblem(schema)).toBeUndefined();
  });

  test.each<[unknown, RegExp]>([
    ['name', /^Variables are a JSON Schema: an object/],
    [['name'], /^Variables are a JSON Schema: an object/],
    [
      { type: 'text' },
      /^This is not a JSON Schema: variables\/type must be equal to one of the allowed values/,
    ],
    [{ required: 'name' }, /^This is not a JSON Schema: variables\/required must be array/],
    [{ properties: { a: { pattern: '(' } } }, /cannot be used: Invalid regular expression/],
    [{ properties: { a: { pattern: '(?=a)b' } } }, /cannot be used: .*unsupported/],
    [{ properties: { a: { pattern: '(?<x>a)\\k<x>' } } }, /cannot be used: .*refers back/],
    [{ $ref: 'https://x.example/other.json' }, /^This JSON Schema cannot be used: can't resolve reference/],
    [{ $schema: 'https://x.example/mine' }, /cannot be used: .*Drafts 7 and 2020-12 are understood/],
    [{ $async: true }, /^The keyword \$async is not available/],
    [{ allOf: [{ $ref: '#' }] }, /^The JSON Schema refers to itself without end/],
  ])('%j: %s', (schema, problem) => {
    expect(variablesProblem(schema)).toMatch(problem);
  });
});
