import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { buildSchema, type GraphQLSchema, isEnumType } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import { composeSupergraph, readSubgraphSdls } from '../gateway/supergraph/supergraph.ts';
import {
  CHANNELS,
  DELIVERY_STATES,
  NOTIFICATION_STATES,
  PRIORITIES,
  SKIP_REASONS,
} from '../platform/graphql/contract-enums.ts';
import { contractDifferences } from './contract-differences.ts';
import { apiSchema, compositionHints } from './supergraph.ts';

const COPY = resolve(import.meta.dirname, '../docs/contract.graphql');
/** Where the contract is kept for all who work on it; not in every checkout. */
const ORIGINAL = resolve(import.meta.dirname, '../../shared/contract.graphql');

const original = await readFile(ORIGINAL, 'utf8').catch((error: NodeJS.ErrnoException) => {
  if (error.code === 'ENOENT') return undefined;
  throw error;
});
const copy = await readFile(COPY, 'utf8');
const contract = buildSchema(original ?? copy);

const sdls = await readSubgraphSdls();

describe('the supergraph', () => {
  test('composes without errors and without hints', () => {
    expect(() => composeSupergraph(sdls)).not.toThrow();
    expect(compositionHints(sdls)).toEqual([]);
  });

  test('a planted conflict between subgraphs is an error', () => {
    const users = sdls.users.replace('type PageInfo @shareable', 'type PageInfo');
    expect(() => composeSupergraph({ ...sdls, users })).toThrow('PageInfo');
  });

  test('a planted difference between descriptions is a hint', () => {
    const users = sdls.users.replace('RFC 3339 date-time', 'A date');
    expect(compositionHints({ ...sdls, users }).join()).toContain('DateTime');
  });
});

describe('the public contract', () => {
  let api: GraphQLSchema;
  beforeAll(() => {
    api = apiSchema(sdls);
  });

  test.runIf(original !== undefined)('docs/contract.graphql is the contract', () => {
    expect(copy).toBe(original);
  });

  test('is all in the supergraph', () => {
    expect(contractDifferences(contract, api)).toEqual([]);
  });

  test('callers cannot see what is inaccessible', () => {
    expect(api.getQueryType()?.getFields().principalByKeyHash).toBeUndefined();
  });

  test.each([
    ['Channel', CHANNELS],
    ['Priority', PRIORITIES],
    ['NotificationState', NOTIFICATION_STATES],
    ['DeliveryState', DELIVERY_STATES],
    ['SkipReason', SKIP_REASONS],
  ])('the values of %s in code are those of the schema', (name, values) => {
    const type = api.getType(name);
    expect(isEnumType(type) && type.getValues().map((value) => value.name)).toEqual([...values]);
  });
});

describe('contractDifferences', () => {
  const sdl = `
    type Query { a(x: Int = 1, y: [String!]): T!  b: K  u: U }
    type T { id: ID!  name: String }
    input I { n: Int! = 3  m: String }
    enum K { ONE TWO }
    interface N { id: ID! }
    union U = T | V
    type V { i(input: I): Int }
    scalar S
  `;
  const wanted = buildSchema(sdl);

  test.each([
    ['a missing type', 'scalar S', '', ['S is missing']],
    ['another kind', 'scalar S', 'enum S { A }', ['S is a GraphQLEnumType, not a GraphQLScalarType']],
    ['a missing field', 'name: String', '', ['T.name is missing']],
    ['a field that may be null', 'id: ID!  name', 'id: ID  name', ['T.id is ID, not ID!']],
    ['a field of another type', 'b: K', 'b: String', ['Query.b is String, not K']],
    ['a missing argument', ', y: [String!]', '', ['Query.a(y) is missing']],
    ['an argument of another type', '[String!]', '[String]', ['Query.a(y) is [String], not [String!]']],
    ['another default', 'x: Int = 1', 'x: Int = 2', ['Query.a(x) has the default 2, not 1']],
    ['a lost default', 'x: Int = 1', 'x: Int', ['Query.a(x) has the default none, not 1']],
    ['a new argument that must be given', 'y: [', 'z: Int!, y: [', ['Query.a(z) is new and must be given']],
    ['a missing input field', 'm: String', '', ['I(m) is missing']],
    ['an input field with another default', 'Int! = 3', 'Int! = 4', ['I(n) has the default 4, not 3']],
    [
      'a new input field that must be given',
      'm: String',
      'm: String  k: Int!',
      ['I(k) is new and must be given'],
    ],
    ['a missing enum value', 'ONE TWO', 'ONE', ['K.TWO is missing']],
    ['a missing member of a union', 'T | V', 'T', ['U lacks V']],
    [
      'a missing field of an interface',
      'interface N { id: ID! }',
      'interface N { x: ID! }',
      ['N.id is missing'],
    ],
  ])('finds %s', (_, from, to, differences) => {
    expect(sdl).toContain(from);
    expect(contractDifferences(wanted, buildSchema(sdl.replace(from, to)))).toEqual(differences);
  });

  test.each([
    ['the same', 'scalar S', 'scalar S'],
    ['a further type', 'scalar S', 'scalar S  scalar S2'],
    ['a further field', 'name: String', 'name: String  more: Int!'],
    ['a further optional argument', 'y: [', 'z: Int, y: ['],
    ['a further argument with a default', 'y: [', 'z: Int! = 1, y: ['],
    ['a further optional input field', 'm: String', 'm: String  k: Int'],
    ['a further enum value', 'ONE TWO', 'ONE TWO THREE'],
    ['a description', 'scalar S', '"words" scalar S'],
  ])('accepts %s', (_, from, to) => {
    expect(contractDifferences(wanted, buildSchema(sdl.replace(from, to)))).toEqual([]);
  });
});
