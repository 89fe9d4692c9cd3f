import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { composeSupergraph, readSubgraphSdls } from '../supergraph/supergraph.ts';
import { TOY_SDLS } from '../testing/toy-subgraphs.ts';
import { resumableFields } from './resumable.ts';

const API = buildSchema(`
  type Query { a: Int }
  type Subscription { events(after: ID!, limit: Int): Event!  other: Int }
  type Event { id: ID!  kind: String  inner: Inner  list: [Inner]  with(x: Int!): ID  any: Any }
  type Inner { id: ID! }
  union Any = Inner
`);
const supergraph = (mark: string) => `
  directive @tag(name: String!) repeatable on FIELD_DEFINITION
  type Subscription { events: Int @tag(name: "internal") @tag(name: "${mark}")  other: Int }`;

describe('resumableFields', () => {
  it('reads the marks', () => {
    expect(resumableFields(supergraph('resumable/after/id'), API)).toEqual(
      new Map([['events', { argument: 'after', argumentType: 'ID', cursor: ['id'] }]]),
    );
    expect(resumableFields(supergraph('resumable/after/inner/id/only-if/kind/NEW'), API)).toEqual(
      new Map([
        [
          'events',
          {
            argument: 'after',
            argumentType: 'ID',
            cursor: ['inner', 'id'],
            onlyIf: { path: ['kind'], value: 'NEW' },
          },
        ],
      ]),
    );
    expect(resumableFields(supergraph('something-else'), API).size).toBe(0);
    expect(resumableFields('type Query { a: Int }', buildSchema('type Query { a: Int }')).size).toBe(0);
  });

  it.each([
    ['resumable/since/id', 'there is no argument "since"'],
    ['resumable/after', 'the path is empty'],
    ['resumable/after/nope', 'there is no field "nope" in Event'],
    ['resumable/after/inner', 'the path does not end at a single value'],
    ['resumable/after/list/id', 'before "id" there is a list'],
    ['resumable/after/with', '"with" needs arguments'],
    ['resumable/after/any/id', 'nothing is called "id" in Any'],
    ['resumable/after/id/x', 'nothing is called "x" in ID'],
    ['resumable/after/id/only-if', 'a path and a value must follow "only-if"'],
    ['resumable/after/id/only-if/NEW', 'a path and a value must follow "only-if"'],
    ['resumable/after/id/only-if/nope/NEW', 'there is no field "nope" in Event'],
  ])('%s: %s', (mark, problem) => {
    expect(() => resumableFields(supergraph(mark), API)).toThrow(
      `Subscription.events @tag(name: "${mark}"): ${problem}`,
    );
  });

  it('finds the mark of the inbox in the composed supergraph', async () => {
    const api = buildSchema(
      'type Query { a: Int } type Subscription { inboxEvents(after: ID): E! } type E { type: String! message: M! } type M { id: ID! }',
    );
    expect(resumableFields(composeSupergraph(await readSubgraphSdls()), api).get('inboxEvents')).toEqual({
      argument: 'after',
      argumentType: 'ID',
      cursor: ['message', 'id'],
      onlyIf: { path: ['type'], value: 'RECEIVED' },
    });
    expect(composeSupergraph(TOY_SDLS)).toContain('resumable/after/entry/id');
  });
});
