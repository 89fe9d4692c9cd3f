/** A federated graph that knows nothing of Herald: two Apollo subgraphs behind plain servers, for tests. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { composeServices } from '@apollo/composition';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/index.js';
import fastifyApollo from '@as-integrations/fastify';
import { fastify } from 'fastify';
import { parse } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

const HEADER = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])`;

export const FOREIGN_SDLS = {
  products: `${HEADER}
    type Query { product(id: ID!): Product, products: [Product!]!, fails: Product, whoami: String }
    type Mutation { rename(id: ID!, name: String!): Product! }
    type Subscription { renamed: Product!, told: String! }
    type Product @key(fields: "id") { id: ID!, name: String! }`,
  reviews: `${HEADER}
    type Query { newest: [Review!]! }
    type Review { text: String!, product: Product! }
    type Product @key(fields: "id") { id: ID!, reviews: [Review!]!, seenBy: String }`,
} as const;

type Name = keyof typeof FOREIGN_SDLS;
interface Context {
  readonly headers: IncomingHttpHeaders | Readonly<Record<string, unknown>>;
}

export interface ForeignSubgraphs {
  readonly urls: Readonly<Record<Name, string>>;
  /** The composed graph; another SDL in place of one of theirs, or with fewer of them. */
  supergraph(sdls?: Partial<Record<Name, string>>): string;
  /** Sends an event of `renamed` to whoever is subscribed. */
  renamed(id: string): void;
  /** Sources of `renamed` that are open. */
  readonly listeners: number;
  /** Sockets opened by the gateway so far. */
  readonly sockets: number;
  close(): Promise<void>;
}

export async function startForeignSubgraphs(): Promise<ForeignSubgraphs> {
  const names = new Map([
    ['1', 'Chair'],
    ['2', 'Table'],
  ]);
  const product = (id: string) => ({ id, name: names.get(id) ?? '?' });
  const listeners = new Set<(id: string) => void>();
  let sockets = 0;
  const resolvers = {
    products: {
      Query: {
        product: (_: unknown, { id }: { id: string }) => (names.has(id) ? product(id) : null),
        products: () => [...names.keys()].map(product),
        fails: () => {
          throw new Error('out of paper');
        },
        whoami: (_: unknown, _args: unknown, { headers }: Context) => headers['x-user'] ?? null,
      },
      Mutation: {
        rename: (_: unknown, { id, name }: { id: string; name: string }) => {
          names.set(id, name);
          for (const tell of listeners) tell(id);
          return product(id);
        },
      },
      Subscription: {
        renamed: {
          subscribe: () => events(listeners),
          resolve: (id: string) => product(id),
        },
        told: {
          async *subscribe(_: unknown, _args: unknown, { headers }: Context) {
            yield String(headers['x-user'] ?? 'nobody');
          },
          resolve: (name: string) => name,
        },
      },
      Product: { __resolveReference: ({ id }: { id: string }) => product(id) },
    },
    reviews: {
      Query: { newest: () => [{ text: 'Good', product: { id: '1' } }] },
      Product: {
        reviews: ({ id }: { id: string }) => [{ text: `Review of ${id}`, product: { id } }],
        seenBy: (_: unknown, _args: unknown, { headers }: Context) => headers['x-user'] ?? null,
      },
    },
  };
  const servers = await Promise.all(
    (Object.keys(FOREIGN_SDLS) as Name[]).map(async (name) => {
      const schema = buildSubgraphSchema({
        typeDefs: parse(FOREIGN_SDLS[name]),
        resolvers: resolvers[name] as GraphQLResolverMap<unknown>,
      });
      const apollo = new ApolloServer<Context>({
        schema,
        nodeEnv: 'production',
        plugins: [ApolloServerPluginInlineTraceDisabled()],
      });
      await apollo.start();
      const app = fastify({ serverFactory: (handler) => createServer(handler) });
      await app.register(fastifyApollo(apollo), {
        path: '/graphql',
        context: async (request) => ({ headers: request.headers }),
      });
      const webSockets = new WebSocketServer({ server: app.server, path: '/graphql' });
      webSockets.on('connection', () => {
        sockets += 1;
      });
      const graphql = useServer<Record<string, unknown>>(
        { schema, context: ({ connectionParams }) => ({ headers: connectionParams ?? {} }) },
        webSockets,
      );
      await app.listen({ host: '127.0.0.1', port: 0 });
      const { port } = app.server.address() as AddressInfo;
      const close = async () => {
        await graphql.dispose();
        for (const socket of webSockets.clients) socket.terminate();
        await app.close();
        await apollo.stop();
      };
      return { name, url: `http://127.0.0.1:${port}/graphql`, close };
    }),
  );
  const urls = Object.fromEntries(servers.map(({ name, url }) => [name, url])) as Record<Name, string>;
  return {
    urls,
    supergraph: (sdls = FOREIGN_SDLS) => {
      const composed = composeServices(
        Object.entries(sdls).map(([name, sdl]) => ({ name, url: urls[name as Name], typeDefs: parse(sdl) })),
      );
      if (composed.errors) throw new Error(composed.errors.join());
      return composed.supergraphSdl;
    },
    renamed: (id) => {
      for (const tell of listeners) tell(id);
    },
    get listeners() {
      return listeners.size;
    },
    get sockets() {
      return sockets;
    },
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

/** What is told while somebody listens. */
async function* events(listeners: Set<(id: string) => void>): AsyncGenerator<string> {
  const waiting: string[] = [];
  let wake: () => void = () => undefined;
  const listener = (id: string) => {
    waiting.push(id);
    wake();
  };
  listeners.add(listener);
  try {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    listeners.delete(listener);
  }
}
