/** What resolvers are given is the same whether an operation runs compiled or by graphql-js, for all our inputs. */
import { readFileSync } from 'node:fs';
import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  execute,
  type GraphQLInputType,
  getNamedType,
  getOperationAST,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  parse,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { CompiledOperation } from '../platform/graphql/compiled-operation.ts';
import { SUBGRAPH_NAMES } from '../platform/graphql/subgraph.ts';

const RUNS = 300;

/** mulberry32: the same values each time. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
const random = randomFrom(7);
const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
const JUNK = [null, 1, -1, 2 ** 31, 2 ** 31 - 1, 1.5, '', 'x', '12', true, {}, { a: 1 }, ['a'], 'HIGH', 0];
const SCALARS: Readonly<Record<string, readonly unknown[]>> = {
  Int: [0, 1, -3, 2 ** 31 - 1],
  Float: [0.5, 1, -2],
  Boolean: [true, false],
  ID: ['a', 1],
  DateTime: ['2026-01-01T00:00:00Z'],
  JSON: [{ a: 1 }, [1], 'x', 3],
};

/** Mostly what fits the type. */
function valueFor(type: GraphQLInputType): unknown {
  if (random() < 0.03) return one(JUNK);
  if (isNonNullType(type)) return valueFor(type.ofType);
  if (random() < 0.1) return null;
  if (isListType(type))
    return random() < 0.1
      ? valueFor(type.ofType)
      : Array.from({ length: Math.floor(random() * 3) }, () => valueFor(type.ofType));
  const named = getNamedType(type);
  if (isEnumType(named)) return one(named.getValues()).name;
  if (!isInputObjectType(named)) return one(SCALARS[named.name] ?? ['text']);
  return Object.fromEntries(
    Object.values(named.getFields())
      .filter((field) => isNonNullType(field.type) || random() < 0.5)
      .map((field) => [field.name, valueFor(field.type)]),
  );
}

describe.each(SUBGRAPH_NAMES)('inputs of %s', (name) => {
  const sdl = readFileSync(`subgraphs/${name}/schema.graphql`, 'utf8');
  const schema = buildSubgraphSchema({ typeDefs: parse(sdl) });
  const fields = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
    Object.values(type?.getFields() ?? {})
      .filter((field) => !field.name.startsWith('_') && field.args.length > 0)
      .map((field) => ({ field, kind: type === schema.getQueryType() ? 'query' : 'mutation' })),
  );

  it('are the same', async () => {
    let compared = 0;
    for (const { field, kind } of fields) {
      let given: unknown;
      field.resolve = (_parent, args: unknown) => {
        given = args;
        return null;
      };
      const variables = field.args.map((arg) => `$${arg.name}: ${arg.type}`).join(', ');
      const args = field.args.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
      const selection = 'getFields' in getNamedType(field.type) ? '{ __typename }' : '';
      const document = parse(`${kind}(${variables}) { f: ${field.name}(${args}) ${selection} }`);
      const operation = getOperationAST(document);
      if (!operation) throw new Error('no operation');
      const compiled = new CompiledOperation(schema, document, operation, 0);
      for (let i = 0; i < RUNS; i++) {
        const values = Object.fromEntries(field.args.map((arg) => [arg.name, valueFor(arg.type)]));
        given = undefined;
        if (!(await compiled.run(values, {}))) continue;
        const byCompiled = structuredClone(given);
        given = undefined;
        await execute({ schema, document, variableValues: values, contextValue: {} });
        expect(byCompiled, `${field.name} ${JSON.stringify(values)}`).toEqual(structuredClone(given));
        compared++;
      }
    }
    expect(compared).toBeGreaterThan((fields.length * RUNS) / 3);
  }, 180_000);
});
