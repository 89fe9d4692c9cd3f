/** Serves one subgraph to a gateway in another process. */
import { type FastifyInstance, fastify } from 'fastify';
import { closeApp, watchConnections } from '../../http/close-app.ts';
import { attachGraphQLWebSocket } from '../../http/graphql-web-socket.ts';
import { registerHealth } from '../../http/health.ts';
import { registerJsonBodies } from '../../http/json-bodies.ts';
import { requestIdFrom } from '../../http/request-id.ts';
import type { Shutdown } from '../../lifecycle/shutdown.ts';
import { type Logger, REQUEST_ID_HEADER } from '../../logging/logger.ts';
import type { Subgraph } from '../subgraph.ts';
import { SubgraphExecutor } from '../subgraph-executor.ts';
import { secretCheck } from './gateway-secret.ts';
import { registerSubgraphRoute } from './http-route.ts';
import { subgraphSocketServer } from './web-socket.ts';

export interface SubgraphServerOptions {
  readonly subgraph: Pick<Subgraph, 'name' | 'schema'>;
  /** HERALD_GATEWAY_SECRET. */
  readonly gatewaySecret: string;
  readonly log: Logger;
  readonly shutdown: Pick<Shutdown, 'started'>;
  /** What keeps the subgraph from answering, one sentence each (for /readyz). */
  problems(): Promise<readonly string[]>;
  readonly bodyLimitBytes: number;
  readonly pingIntervalMs?: number;
}

export interface SubgraphServer {
  readonly app: FastifyInstance;
  /** @returns the URL of its /graphql. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>;
  /** Refuses new work, closes sockets with 1001, waits for requests in hand. */
  close(): Promise<void>;
}

/** What the gateway forwards from many subscribers fits well below this. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** `/graphql` over HTTP (POST) and graphql-transport-ws, `/healthz`, `/readyz`, `/metrics`. */
export function createSubgraphServer(options: SubgraphServerOptions): SubgraphServer {
  const { log, shutdown, subgraph } = options;
  const app = fastify({
    // What still comes in on open connections while it closes is answered.
    return503OnClosing: false,
    bodyLimit: options.bodyLimitBytes,
    genReqId: (request) => requestIdFrom(request.headers[REQUEST_ID_HEADER]),
  });
  const executor = new SubgraphExecutor(subgraph.schema, log);
  const isGateway = secretCheck(options.gatewaySecret);
  registerJsonBodies(app);
  watchConnections(app);
  registerHealth(app, { ready: options.problems, shutdown });
  registerSubgraphRoute(app, { executor, isGateway, log });
  const sockets = attachGraphQLWebSocket<void>({
    server: app.server,
    path: '/graphql',
    protocol: subgraphSocketServer(executor, isGateway),
    extra: () => undefined,
    log,
    maxPayloadBytes: MAX_MESSAGE_BYTES,
    pingIntervalMs: options.pingIntervalMs ?? 12_000,
  });
  return {
    app,
    async listen({ host, port }) {
      const url = `${await app.listen({ host, port })}/graphql`;
      log.info({ url, subgraph: subgraph.name }, 'subgraph listening');
      return url;
    },
    async close() {
      await sockets.close();
      await closeApp(app);
    },
  };
}
