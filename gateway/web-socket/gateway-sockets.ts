/** The gateway's WebSocket endpoint `/graphql` with its limits. */
import type { Server } from 'node:http';
import { attachGraphQLWebSocket, type WebSocketEndpoint } from '../../platform/http/graphql-web-socket.ts';
import type { CallerAuthentication } from '../authentication/authenticator.ts';
import { liveConnections, liveRefusals, slowConsumers } from '../subscriptions/live-metrics.ts';
import { ByteBudget } from '../subscriptions/result-sink.ts';
import { CallerSession } from './caller-session.ts';
import type { ConnectionCounts, ConnectionLimits } from './connection-counts.ts';
import {
  type GraphQLSocketServerOptions,
  graphqlSocketServer,
  type SocketExtra,
} from './graphql-socket-server.ts';
import { answerPing } from './token-renewal.ts';

export interface WebSocketLimits extends ConnectionLimits {
  /** Of this gateway. */
  readonly connections: number;
  /** Operations that may run on one connection at the same time. */
  readonly operations: number;
  /** A socket without `connection_init` after this long is closed with 4408. */
  readonly initTimeoutMs: number;
  readonly pingIntervalMs: number;
  /** Larger messages close the socket with 1009; inputs of that size belong to HTTP. */
  readonly messageBytes: number;
  /** Results that may wait for one socket, over all of its subscriptions. */
  readonly waitingBytes: number;
}

export const WEB_SOCKET_LIMITS: WebSocketLimits = {
  connections: 20_000,
  perUser: 50,
  perKeyHolder: 10_000,
  operations: 100,
  initTimeoutMs: 10_000,
  pingIntervalMs: 12_000,
  messageBytes: 1024 * 1024,
  waitingBytes: 4 * 1024 * 1024,
};

export interface GatewaySocketsOptions
  extends Pick<
    GraphQLSocketServerOptions,
    'apollo' | 'planner' | 'plans' | 'subscriptions' | 'forward' | 'log'
  > {
  readonly server: Server;
  readonly authenticator: CallerAuthentication;
  /** Streams over HTTP count, too. */
  readonly counts: ConnectionCounts;
  readonly limits: WebSocketLimits;
}

export function gatewaySockets(options: GatewaySocketsOptions): WebSocketEndpoint {
  const { server, authenticator, counts, limits, log, ...graph } = options;
  return attachGraphQLWebSocket<SocketExtra>({
    server,
    path: '/graphql',
    protocol: graphqlSocketServer({
      ...graph,
      log,
      initTimeoutMs: limits.initTimeoutMs,
      maxOperations: limits.operations,
    }),
    extra: (socket, request) => ({
      socket,
      headers: request.headers,
      session: new CallerSession(authenticator, log, counts),
      budget: new ByteBudget(limits.waitingBytes),
    }),
    log,
    maxPayloadBytes: limits.messageBytes,
    maxWaitingBytes: limits.waitingBytes,
    maxSockets: limits.connections,
    pingIntervalMs: limits.pingIntervalMs,
    onPing: ({ session }, payload) => answerPing(session, payload, log),
    onChange: (change) => {
      if (change === 'opened') liveConnections.inc();
      else if (change === 'closed') liveConnections.dec();
      else if (change === 'refused') liveRefusals.inc({ limit: 'connections' });
      else slowConsumers.inc();
    },
  });
}
