/** A whole gateway over the toy subgraphs on loopback sockets: in one process, or each subgraph behind its own server. */
import { type Client, type ClientOptions, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Subgraph, SubgraphName } from '../../platform/graphql/subgraph.ts';
import {
  createSubgraphServer,
  type SubgraphServer,
} from '../../platform/graphql/subgraph-server/subgraph-server.ts';
import type { Invalidation } from '../../platform/invalidation/invalidation-bus.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../gateway.ts';
import type { SubgraphPlacement } from '../subgraph-sources/subgraph-sources.ts';
import { type MemoryLog, memoryLog } from './memory-log.ts';
import { TOY_SDLS, type Toys, toySubgraphs } from './toy-subgraphs.ts';
import { TOY_JWT_SECRET } from './toy-tokens.ts';

export const TOY_GATEWAY_SECRET = 'the secret between gateway and subgraphs';
export const PLACEMENTS = ['in-process', 'remote'] as const;

export interface GraphQLAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
}

export interface ToyGateway extends MemoryLog {
  readonly gateway: Gateway;
  readonly toys: Toys;
  /** Of remote subgraphs. */
  readonly servers: ReadonlyMap<SubgraphName, SubgraphServer>;
  /** Serves a remote subgraph again, on its old port, after its server was closed. */
  restart(name: SubgraphName): Promise<void>;
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string;
  /** As POST /graphql. */
  query(
    query: string,
    variables?: Record<string, unknown>,
    headers?: Record<string, string>,
  ): Promise<GraphQLAnswer>;
  /** A client of the WebSocket endpoint; closed with the gateway. */
  client(options?: Partial<ClientOptions>): Client;
  /** Cuts all clients' sockets. */
  closeClients(): void;
  /** What the invalidation bus would tell. */
  invalidate(message: Invalidation): void;
  shutdown: { started: boolean };
  close(): Promise<void>;
}

export async function startToyGateway(
  placement: (typeof PLACEMENTS)[number],
  options: Partial<GatewayOptions> = {},
): Promise<ToyGateway> {
  const { log, lines } = memoryLog();
  const toys = toySubgraphs();
  const shutdown = { started: false };
  const servers = new Map<SubgraphName, SubgraphServer>();
  const urls: [SubgraphName, string][] = [];
  const serve = async (subgraph: Subgraph, port: number): Promise<string> => {
    const server = createSubgraphServer({
      subgraph,
      gatewaySecret: TOY_GATEWAY_SECRET,
      log,
      shutdown,
      problems: async () => [],
      bodyLimitBytes: 1024 * 1024,
    });
    servers.set(subgraph.name, server);
    return server.listen({ host: '127.0.0.1', port });
  };
  if (placement === 'remote')
    for (const subgraph of toys.subgraphs) urls.push([subgraph.name, await serve(subgraph, 0)]);
  const listeners: ((message: Invalidation) => void)[] = [];
  const placed: SubgraphPlacement =
    placement === 'remote'
      ? {
          kind: 'remote',
          urls: Object.fromEntries(urls) as Record<SubgraphName, string>,
          gatewaySecret: TOY_GATEWAY_SECRET,
        }
      : { kind: 'in-process', subgraphs: toys.subgraphs };
  const gateway = await createGateway({
    placement: placed,
    sdls: TOY_SDLS,
    jwtSecret: TOY_JWT_SECRET,
    bodyLimitBytes: 64 * 1024,
    log,
    shutdown,
    invalidations: { onInvalidation: (listener) => void listeners.push(listener) },
    ...options,
  });
  const origin = await gateway.app.listen({ host: '127.0.0.1', port: 0 });
  const clients: Client[] = [];
  return {
    gateway,
    toys,
    servers,
    log,
    lines,
    origin,
    shutdown,
    async restart(name) {
      const subgraph = toys.subgraphs.find((candidate) => candidate.name === name);
      const url = urls.find(([candidate]) => candidate === name)?.[1];
      if (!subgraph || !url) throw new Error(`${name} is not remote`);
      await serve(subgraph, Number(new URL(url).port));
    },
    async query(query, variables, headers) {
      const response = await fetch(`${origin}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      });
      const body = (await response.json()) as Partial<GraphQLAnswer>;
      return {
        status: response.status,
        headers: response.headers,
        data: body.data,
        errors: body.errors ?? [],
      };
    },
    client(clientOptions) {
      const client = createClient({
        url: `${origin.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        ...clientOptions,
      });
      clients.push(client);
      return client;
    },
    closeClients: () => {
      for (const client of clients) client.terminate();
    },
    invalidate: (message) => {
      for (const listener of listeners) listener(message);
    },
    async close() {
      for (const client of clients) client.terminate();
      await gateway.close();
      for (const server of servers.values()) await server.close();
    },
  };
}

/**
 * Waits until what is on its way has arrived, where nothing can be seen of it: for half a second in many turns,
 * because after a pause of the machine a timer comes before what waits in the sockets.
 */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Waits until `condition` holds. @throws Error after twenty seconds: a busy machine is slow. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`it never came to be that ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
