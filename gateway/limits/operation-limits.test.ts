import { buildSchema, getIntrospectionQuery, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { OPERATION_LIMITS, operationLimitsRule } from './operation-limits.ts';

const schema = buildSchema(
  'type Query { node: Node page(first: Int = 25): Page } type Page { nodes: [Node] } type Node { id: ID node: Node nodes: [Node] page(first: Int = 25): Page tail(first: Int): Page }',
);
const check = (query: string, limits = { maxDepth: 4, maxAliases: 4, maxFields: 10, maxValues: 60 }) =>
  validate(schema, parse(query), [operationLimitsRule(limits)]).map((error) => error.message);

describe('operationLimitsRule', () => {
  it.each([
    ['as deep as may be', '{ node { node { node { id } } } }'],
    ['depth is not added up over siblings', '{ a: node { node { id } } b: node { node { id } } }'],
    ['introspection', getIntrospectionQuery()],
    ['a fragment that contains itself', '{ node { ...F } } fragment F on Node { id node { ...F } }'],
    ['an unknown fragment', '{ node { ...G } }'],
    ['a page of the usual size', '{ page { nodes { id } } }'],
    ['small pages inside each other', '{ page(first: 5) { nodes { page(first: 2) { __typename } } } }'],
  ])('lets pass: %s', (_name, query) => {
    expect(
      check(query, query.includes('__schema') ? { ...OPERATION_LIMITS, maxDepth: 4 } : undefined),
    ).toEqual([]);
  });

  it.each([
    ['too deep', '{ node { node { node { node { id } } } } }', /5 fields deep; at most 4/],
    [
      'too deep through fragments',
      '{ node { ...F } } fragment F on Node { node { ... on Node { node { node { id } } } } }',
      /5 fields deep/,
    ],
    ['too many aliases', '{ a: node { b: id c: id d: id e: id } }', /5 aliases; at most 4/],
    [
      'aliases in a fragment that is spread twice',
      '{ a: node { ...F } b: node { ...F } } fragment F on Node { c: id d: id }',
      /6 aliases/,
    ],
    ['a page that holds too much', '{ page { nodes { id a: id } } }', /up to 76 values.*at most 60/],
    ['a large page', '{ page(first: 50) { nodes { id } } }', /up to 101 values/],
    ['a page of unknown size', 'query ($n: Int) { page(first: $n) { nodes { id } } }', /up to 201 values/],
    ['a page without a usual size', '{ node { tail { nodes { id } } } }', /up to 202 values/],
    [
      'pages inside each other, by fragments',
      '{ page(first: 9) { ...P } } fragment P on Page { nodes { page(first: 9) { nodes { id } } } }',
      /up to 181 values/,
    ],
    [
      'a bomb of fragments',
      `{ node { ...F0 } } ${Array.from({ length: 30 }, (_, i) => `fragment F${i} on Node { ...F${i + 1} ...F${i + 1} }`).join(' ')} fragment F30 on Node { id }`,
      /fields; at most 10/,
    ],
  ])('refuses: %s', (_name, query, message) => {
    expect(check(query)).toContainEqual(expect.stringMatching(message));
  });

  it('looks at each operation of a document', () => {
    expect(check('query A { node { id } } query B { node { node { node { node { id } } } } }')).toHaveLength(
      1,
    );
  });
});
