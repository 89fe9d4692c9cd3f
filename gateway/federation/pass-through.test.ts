import { Supergraph } from '@apollo/federation-internals';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { composeSupergraph } from '../supergraph/supergraph.ts';
import { TOY_SDLS } from '../testing/toy-subgraphs.ts';
import { passThroughSubgraph } from './pass-through.ts';
import { Planner } from './planner.ts';

const supergraphSdl = composeSupergraph(TOY_SDLS);
const planner = new Planner(Supergraph.build(supergraphSdl).apiSchema().toGraphQLJSSchema(), supergraphSdl);
const schemas = Object.fromEntries(
  Object.entries(TOY_SDLS).map(([name, sdl]) => [name, buildSubgraphSchema({ typeDefs: parse(sdl) })]),
);

describe('passThroughSubgraph', () => {
  it.each([
    ['one subgraph', '{ echo(text: "x") }', 'notifications'],
    ['a mutation', 'mutation ($i: NoopInput!) { noop(input: $i) { id title } }', 'notifications'],
    ['several fields of one', '{ echo(text: "x") notification(id: "1") { title } }', 'notifications'],
    ['the key of an entity of another', '{ notification(id: "1") { recipient { id } } }', 'notifications'],
    ['the root’s type name', '{ __typename me { name } }', 'users'],
    ['fields of two', '{ stats echo(text: "x") }', undefined],
    ['an entity’s field of another', '{ notification(id: "1") { opens } }', undefined],
    ['the schema', '{ __schema { queryType { name } } echo(text: "x") }', undefined],
    ['a type of the schema', '{ stats __type(name: "User") { name } }', undefined],
    [
      'the schema inside a fragment',
      '{ stats ...F } fragment F on Query { __type(name: "User") { name } }',
      undefined,
    ],
    ['only the type name', '{ __typename }', undefined],
  ])('%s', (_name, query, subgraph) => {
    const document = parse(query);
    expect(passThroughSubgraph(planner.plan(document, undefined), document, schemas)).toBe(subgraph);
  });

  it('not where another operation of the document is beyond the subgraph', () => {
    const document = parse('query A { stats } query B { echo(text: "x") }');
    expect(passThroughSubgraph(planner.plan(document, 'A'), document, schemas)).toBeUndefined();
  });
});
