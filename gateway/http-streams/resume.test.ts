import { buildSchema, parse, print, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { Resumable } from '../subscriptions/resumable.ts';
import type { SubscriptionPlan } from '../subscriptions/subscription-plan.ts';
import { eventIds } from './event-ids.ts';
import { goOnAfter } from './go-on-after.ts';

const SCHEMA = buildSchema(`
  type Query { a: Int }
  type Subscription { events(after: ID, user: ID): Event!  from(after: Int!): Event! }
  type Event { type: String!  message: Message! }
  type Message { id: ID!  title: String }
`);
const EVENTS: Resumable = { argument: 'after', argumentType: 'ID', cursor: ['message', 'id'] };
const RECEIVED: Resumable = { ...EVENTS, onlyIf: { path: ['type'], value: 'RECEIVED' } };

function planOf(query: string, operationName?: string): SubscriptionPlan {
  const document = parse(query);
  expect(validate(SCHEMA, document)).toEqual([]);
  const operation = document.definitions.find(
    (definition) => definition.kind === 'OperationDefinition' && definition.name?.value === operationName,
  );
  // What the functions under test read of a plan.
  return { document, operation } as SubscriptionPlan;
}

describe('the id of an event', () => {
  it.each([
    ['by the schema’s names', '{ events { message { id } } }', { events: { message: { id: 'm1' } } }, 'm1'],
    ['by aliases', '{ e: events { m: message { key: id } } }', { e: { m: { key: 'm1' } } }, 'm1'],
    [
      'in fragments',
      '{ ...R } fragment R on Subscription { events { ... on Event { message { ...M } } } } fragment M on Message { id }',
      { events: { message: { id: 'm1' } } },
      'm1',
    ],
    [
      'asked for twice, and once under another name',
      '{ events { message { title } message { id } m: message { title } } }',
      { events: { message: { title: 't', id: 'm1' }, m: { title: 't' } } },
      'm1',
    ],
    [
      'skipped where it is asked for first',
      '{ events { a: message { id @skip(if: true) title } b: message { id } } }',
      { events: { a: { title: 't' }, b: { id: 'm1' } } },
      'm1',
    ],
    ['not asked for', '{ events { message { title } } }', { events: { message: { title: 't' } } }, undefined],
    [
      'another field by its name',
      '{ events { message { id: title } } }',
      { events: { message: { id: 't' } } },
      undefined,
    ],
    ['a null', '{ events { message { id } } }', null, undefined],
  ])('is found %s', (_name, selection, data, id) => {
    expect(eventIds(planOf(`subscription ${selection}`), EVENTS)({ data })).toBe(id);
  });

  it.each([
    ['that counts', '{ events { type message { id } } }', { type: 'RECEIVED', message: { id: 'm1' } }, 'm1'],
    [
      'that does not count',
      '{ events { type message { id } } }',
      { type: 'UPDATED', message: { id: 'm1' } },
      undefined,
    ],
    ['of which it is not known', '{ events { message { id } } }', { message: { id: 'm1' } }, undefined],
  ])('is given to one %s', (_name, selection, events, id) => {
    expect(eventIds(planOf(`subscription ${selection}`), RECEIVED)({ data: { events } })).toBe(id);
  });

  it('is not there where nothing resumes', () => {
    expect(
      eventIds(
        planOf('subscription { events { message { id } } }'),
        undefined,
      )({
        data: { events: { message: { id: 'm1' } } },
      }),
    ).toBeUndefined();
  });
});

describe('going on after an event', () => {
  const goOn = (query: string, variables: Record<string, unknown> = {}, operationName?: string) =>
    goOnAfter('m7', { query, operationName, variables }, planOf(query, operationName), EVENTS, SCHEMA);

  it.each([
    [
      'no argument',
      'subscription { events { type } }',
      'subscription ($lastEventId: ID) { events(after: $lastEventId) { type } }',
    ],
    [
      'a literal',
      'subscription { events(after: "m1", user: "u") { type } }',
      'subscription ($lastEventId: ID) { events(user: "u", after: $lastEventId) { type } }',
    ],
    [
      'a fragment',
      'subscription { ...F } fragment F on Subscription { events { type } }',
      'subscription ($lastEventId: ID) { ...F } fragment F on Subscription { events(after: $lastEventId) { type } }',
    ],
    [
      'a name that is taken',
      'subscription ($lastEventId: ID) { events(user: $lastEventId) { type } }',
      'subscription ($lastEventId: ID, $lastEventId_: ID) { events(user: $lastEventId, after: $lastEventId_) { type } }',
    ],
    [
      'an argument of another type',
      'subscription { from(after: 1) { type } }',
      'subscription ($lastEventId: Int) { from(after: $lastEventId) { type } }',
    ],
  ])('gives the cursor to an operation with %s', (_name, query, expected) => {
    const changed = goOn(query);
    expect(print(parse(changed.query))).toBe(print(parse(expected)));
    expect(Object.values(changed.variables)).toEqual(['m7']);
  });

  it('gives the cursor to the variable that is there', () => {
    const query =
      'subscription S($from: ID = "m0", $user: ID) { events(after: $from, user: $user) { type } }';
    expect(goOn(query, { from: 'm1', user: 'u' }, 'S')).toEqual({
      query,
      operationName: 'S',
      variables: { from: 'm7', user: 'u' },
    });
  });

  it('leaves other operations of the document out', () => {
    const { query } = goOn(
      'subscription A { ...F } subscription B { ...F } fragment F on Subscription { events { type } }',
      {},
      'B',
    );
    expect(validate(SCHEMA, parse(query))).toEqual([]);
    expect(query).not.toContain('subscription A');
  });
});
