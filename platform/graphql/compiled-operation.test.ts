import { buildSchema, type ExecutionResult, execute, getOperationAST, isObjectType, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { CompiledOperation, canBeCompiled } from './compiled-operation.ts';

const schema = buildSchema(`
  input Leaf { n: Int = 7, m: Int! = 8, names: [String!] }
  input Tree { leaf: Leaf!, more: Tree }
  type Item { id: ID!, n: Int, names: [String!], boom: String, must: String! }
  type Query { item(leaf: Leaf!): Item, items(ns: [Int!]!): [Item!]!, tree(tree: Tree): Int }
`);
const root = schema.getQueryType()?.getFields();
if (!root?.item || !root.items) throw new Error('no fields');
const itemOf = (n: number, names?: readonly string[]) => ({
  id: n,
  n,
  names,
  must: null,
});
let resolved = 0;
root.item.resolve = (_root, { leaf }: { leaf: { n: number; names?: string[] } }) => {
  resolved++;
  return itemOf(leaf.n, leaf.names);
};
const item = schema.getType('Item');
if (!isObjectType(item)) throw new Error('no type');
const { boom } = item.getFields();
if (boom)
  boom.resolve = () => {
    throw new Error('boom');
  };
root.items.resolve = async (_root, { ns }: { ns: number[] }) => ns.map((n) => itemOf(n));

function compiled(query: string, runsBefore = 0) {
  const document = parse(query);
  const operation = getOperationAST(document);
  if (!operation) throw new Error('no operation');
  return { document, operation, own: new CompiledOperation(schema, document, operation, runsBefore) };
}
const json = (result: ExecutionResult | undefined) =>
  JSON.parse(
    JSON.stringify({
      data: result?.data,
      errors: result?.errors?.map(({ message, path }) => ({ message, path })),
    }),
  );

describe('a compiled operation', () => {
  it.each([
    ['defaults', 'query($l: Leaf!) { item(leaf: $l) { id n names __typename } }', { l: { m: 1 } }],
    ['lists', 'query($ns: [Int!]!) { items(ns: $ns) { id alias: n } }', { ns: [1, 2, 3] }],
    ['one for a list', 'query($ns: [Int!]!) { items(ns: $ns) { id } }', { ns: 4 }],
    ['skipping', 'query($s: Boolean!) { items(ns: [1]) { id n @skip(if: $s) } }', { s: true }],
    ['a thrown error', '{ items(ns: [1, 2]) { id boom } }', {}],
    ['a missing value', '{ item(leaf: {}) { id must } items(ns: [1]) { id } }', {}],
  ])('answers as graphql-js does: %s', async (_name, query, variables) => {
    const { document, own } = compiled(query);
    const answer = json(await own.run(variables, {}));
    expect(answer).toEqual(json(await execute({ schema, document, variableValues: variables })));
    expect(answer.data).toBeDefined();
  });

  it.each([
    ['a missing variable', {}],
    ['a wrong type', { l: { n: 'seven' } }],
    ['an unknown field', { l: { m: 1, x: 1 } }],
    ['null for what may not be', { l: { m: null } }],
    ['a default for what may not be null', { l: {} }],
  ])('leaves to graphql-js what it refuses, before anything runs: %s', async (_name, variables) => {
    const { own } = compiled('query($l: Leaf!) { item(leaf: $l) { id } }');
    const before = resolved;
    expect(await own.run(variables, {})).toBeUndefined();
    expect(resolved).toBe(before);
  });

  it('is compiled once it is asked more often', async () => {
    const { own } = compiled('{ items(ns: [1]) { id } }', 2);
    const answers = [await own.run({}, {}), await own.run({}, {}), await own.run({}, {})];
    expect(answers.map((answer) => answer !== undefined)).toEqual([false, false, true]);
  });

  it('is not made for inputs that contain themselves', async () => {
    const { own, operation } = compiled('query($t: Tree) { tree(tree: $t) }');
    expect(canBeCompiled(schema, operation)).toBe(false);
    expect(await own.run({}, {})).toBeUndefined();
  });
});
