/** Four small subgraphs that have everything in which federation is hard, for tests of the gateway. */
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLResolveInfo, parse } from 'graphql';
import type { RequestContext } from '../../platform/auth/principal.ts';
import { badInput, forbidden } from '../../platform/errors/herald-error.ts';
import { DateTimeScalar, JsonScalar } from '../../platform/graphql/scalars.ts';
import { withStartCursor } from '../../platform/graphql/start-cursor.ts';
import type { Subgraph, SubgraphName } from '../../platform/graphql/subgraph.ts';
import type { SubgraphSdls } from '../supergraph/supergraph.ts';
import { type EventSource, eventSource } from './event-source.ts';

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@inaccessible", "@tag"])\n`;

export const TOY_SDLS: SubgraphSdls = {
  notifications: `${LINK}
    scalar DateTime
    scalar JSON
    type Query {
      notification(id: ID!): Notification
      echo(text: String): String
      at(time: DateTime!): DateTime!
      slow(ms: Int!): Boolean!
      broken: String
      unreachable: String
      refused: String
      wrongField: String
      whoami: JSON
      limited(first: Int! = 5): Int!
    }
    type Mutation {
      noop(input: NoopInput!): Notification!
      save(inputs: [NoopInput!]!, at: DateTime): Boolean!
    }
    input NoopInput { title: String!  to: ID!  nested: [NoopInput!] }
    type Subscription {
      notificationReceived(user: ID, min: Int = 0, after: ID): Notification!
      maybe: Notification
      feed: [Item!]!
      forbiddenEvents: Notification
      logged(after: ID, prefix: String, tells: Boolean): Logged! @tag(name: "resumable/after/entry/id/only-if/type/NEW")
    }
    type Logged { type: String!  entry: Entry!  reader: User }
    type Entry { id: ID!  text: String! }
    interface Item { id: ID! }
    type Notification implements Item @key(fields: "id") {
      id: ID!
      title: String!
      body(length: Int = 3): String
      recipient: User
      template: Template
      copies: [User]!
      data: JSON
      original: Notification
      requestId: String!
    }
    type Digest implements Item @key(fields: "id") { id: ID!  count: Int!  owner: User }
    type User @key(fields: "id", resolvable: false) { id: ID! }
    type Template @key(fields: "id", resolvable: false) { id: ID! }`,
  users: `${LINK}
    scalar JSON
    type Query { me: User  principalByKeyHash(hash: String!): JSON @inaccessible }
    type User @key(fields: "id") { id: ID!  name: String!  locale: String!  secret: String  required: String!  seen: Int! }`,
  templates: `${LINK}
    type Query { templates: [Template!]! }
    type Template @key(fields: "id") { id: ID!  name(upper: Boolean): String! }`,
  analytics: `${LINK}
    type Query { stats: Int }
    type Notification @key(fields: "id") { id: ID!  opens: Int! }`,
};

export interface ToyNotification {
  readonly id: string;
  readonly title: string | null;
  readonly body?: string;
  readonly recipient?: { readonly id: string } | null;
  readonly copies?: readonly ({ readonly id: string } | null)[];
}

/** What happened inside, for tests to look at. */
export interface Toys {
  readonly subgraphs: readonly Subgraph[];
  readonly events: EventSource<ToyNotification>;
  /** Kept: `Subscription.logged` replays it. */
  readonly log: ToyLog;
  /** Key hash → principal; a test may change it. */
  readonly keys: Map<string, unknown>;
  readonly calls: { userLookups: number; keyLookups: number; subscribes: number; noops: number };
  /** Arguments of the last subscription. */
  lastSubscribe: unknown;
  /** Makes the key lookup fail. */
  keyLookupFails: Error | undefined;
  /** Runs before each key lookup. */
  beforeKeyLookup: () => Promise<void>;
}

/** Entries with the ids 1, 2, 3, … */
export interface ToyLog {
  /** Adds one and tells readers. */
  append(): void;
  /** Tells readers of a change of an entry that is there. */
  touch(id: number): void;
  readonly length: number;
  readonly readers: number;
  fail(error: Error): void;
}

interface Logged {
  readonly type: 'NEW' | 'CHANGED';
  readonly entry: { readonly id: string; readonly text: string };
}

function toyLog() {
  const source = eventSource<Logged>();
  let length = 0;
  const logged = (id: number, type: Logged['type']): Logged => ({
    type,
    entry: { id: String(id), text: `entry ${id}` },
  });
  return {
    append: () => source.publish(logged(++length, 'NEW')),
    touch: (id: number) => source.publish(logged(id, 'CHANGED')),
    get length() {
      return length;
    },
    get readers() {
      return source.listeners;
    },
    fail: (error: Error) => source.fail(error),
    read: (after: string | null | undefined) => {
      const from = after === undefined || after === null ? length : Number(after);
      return source.stream(Array.from({ length: length - from }, (_, i) => logged(from + i + 1, 'NEW')));
    },
  };
}

export const toyNotification = (id: string): ToyNotification => ({
  id,
  title: `hello ${id}`,
  body: 'abcdef',
  recipient: { id: 'u1' },
  copies: [{ id: 'u2' }, null, { id: 'u3' }],
});

/** Users are remembered per context object, as DataLoaders are. */
const seenByContext = new WeakMap<object, number>();

export function toySubgraphs(): Toys {
  const events = eventSource<ToyNotification>();
  const log = toyLog();
  const toys: Toys = {
    subgraphs: [],
    events,
    log,
    keys: new Map(),
    calls: { userLookups: 0, keyLookups: 0, subscribes: 0, noops: 0 },
    lastSubscribe: undefined,
    keyLookupFails: undefined,
    beforeKeyLookup: async () => undefined,
  };
  const subscribe = (_: unknown, args: unknown) => {
    toys.calls.subscribes++;
    toys.lastSubscribe = args;
    return events.stream();
  };
  const noop = { id: 'n0', title: 'noop', copies: [] };
  const resolvers: Record<SubgraphName, object> = {
    notifications: {
      DateTime: DateTimeScalar,
      JSON: JsonScalar,
      Query: {
        notification: (_: unknown, { id }: { id: string }) =>
          id === 'lost' ? { ...toyNotification(id), recipient: { id: 'gone' } } : toyNotification(id),
        echo: (_: unknown, { text }: { text?: string }) => text,
        at: (_: unknown, { time }: { time: Date }) => time,
        slow: (_: unknown, { ms }: { ms: number }) =>
          new Promise((resolve) => setTimeout(() => resolve(true), ms)),
        broken: () => {
          throw new TypeError('the password is hunter2');
        },
        unreachable: () => {
          throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:27017'), {
            name: 'MongoNetworkError',
          });
        },
        refused: () => {
          throw forbidden('This needs an operator key.');
        },
        wrongField: () => {
          throw badInput('inputs.3.to.0.user', 'There is no such user.');
        },
        whoami: (_: unknown, __: unknown, { principal }: RequestContext) => principal ?? null,
        limited: (_: unknown, { first }: { first: number }) => first,
      },
      Mutation: {
        noop: () => {
          toys.calls.noops++;
          return noop;
        },
        save: () => true,
      },
      Subscription: {
        notificationReceived: { subscribe, resolve: (event: ToyNotification) => event },
        maybe: { subscribe, resolve: (event: ToyNotification) => (event.id === 'nothing' ? null : event) },
        feed: {
          subscribe,
          resolve: (event: ToyNotification) => [
            event,
            { __typename: 'Digest', id: 'd1', count: 2, owner: { id: 'u2' } },
          ],
        },
        logged: {
          subscribe: (_: unknown, args: { after?: string | null; tells?: boolean }) => {
            toys.calls.subscribes++;
            toys.lastSubscribe = args;
            const start = args.after ?? String(log.length);
            const stream = log.read(args.after);
            return args.tells ? withStartCursor(stream, start) : stream;
          },
          resolve: (event: Logged) => ({ ...event, reader: { id: 'u1' } }),
        },
        forbiddenEvents: {
          subscribe: () => {
            throw forbidden('This needs an operator key.');
          },
        },
      },
      Item: { __resolveType: (item: { __typename?: string }) => item.__typename ?? 'Notification' },
      Notification: {
        __resolveReference: ({ id }: { id: string }) => toyNotification(id),
        body: ({ body }: ToyNotification, { length }: { length: number }) => body?.slice(0, length),
        template: () => ({ id: 't1' }),
        copies: ({ copies }: ToyNotification) => copies ?? [],
        original: (notification: ToyNotification) => notification,
        data: () => ({ nested: { list: [1, 2] } }),
        requestId: (_: unknown, __: unknown, { requestId }: RequestContext) => requestId,
      },
    },
    users: {
      JSON: JsonScalar,
      Query: {
        me: () => ({ id: 'u1' }),
        principalByKeyHash: async (_: unknown, { hash }: { hash: string }) => {
          toys.calls.keyLookups++;
          await toys.beforeKeyLookup();
          if (toys.keyLookupFails) throw toys.keyLookupFails;
          return toys.keys.get(hash) ?? null;
        },
      },
      User: {
        __resolveReference: ({ id }: { id: string }, context: RequestContext) => {
          toys.calls.userLookups++;
          seenByContext.set(context, (seenByContext.get(context) ?? 0) + 1);
          return id === 'gone' ? null : { id };
        },
        name: ({ id }: { id: string }) => `User ${id}`,
        locale: () => 'en',
        secret: () => {
          throw forbidden('denied');
        },
        required: () => null,
        seen: (_: unknown, __: unknown, context: RequestContext, _info: GraphQLResolveInfo) =>
          seenByContext.get(context) ?? 0,
      },
    },
    templates: {
      Query: { templates: () => [{ id: 't1' }] },
      Template: {
        __resolveReference: ({ id }: { id: string }) => ({ id }),
        name: (_: unknown, { upper }: { upper?: boolean }) => (upper ? 'WELCOME' : 'welcome'),
      },
    },
    analytics: {
      Query: { stats: () => 1 },
      Notification: { __resolveReference: ({ id }: { id: string }) => ({ id, opens: 7 }) },
    },
  };
  const subgraph = (name: SubgraphName): Subgraph => ({
    name,
    schema: buildSubgraphSchema({
      typeDefs: parse(TOY_SDLS[name]),
      resolvers: resolvers[name] as NonNullable<
        Exclude<Parameters<typeof buildSubgraphSchema>[0], readonly unknown[]>
      > extends { resolvers?: infer R }
        ? R
        : never,
    }),
    close: async () => undefined,
  });
  return Object.assign(toys, {
    subgraphs: [subgraph('notifications'), subgraph('users'), subgraph('templates'), subgraph('analytics')],
  });
}
