/** The gateway's socket to a subgraph in another process: one carries the subscriptions of all callers. */
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { z } from 'zod';
import type { RequestContext } from '../../platform/auth/principal.ts';
import { unavailable } from '../../platform/errors/herald-error.ts';
import type { SubgraphName } from '../../platform/graphql/subgraph.ts';
import type { ResultStream, SubgraphRequest } from '../../platform/graphql/subgraph-executor.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { ResultSink } from '../subscriptions/result-sink.ts';
import { remoteResult } from './remote-results.ts';

export interface RemoteSubscriptionsOptions {
  readonly name: SubgraphName;
  /** Its `/graphql`, http or https. */
  readonly url: string;
  readonly gatewaySecret: string;
  readonly log: Logger;
  readonly pingIntervalMs?: number;
  /** A subgraph that has not answered a ping for this long counts as lost. */
  readonly pongTimeoutMs?: number;
}

/** A host that takes connections and says nothing counts as lost. */
const CONNECT_TIMEOUT_MS = 5_000;

class BoundedWebSocket extends WebSocket {
  constructor(url: string, protocol: string) {
    super(url, protocol, { handshakeTimeout: CONNECT_TIMEOUT_MS, perMessageDeflate: false });
  }
}

/** Events that may wait for one subscription's execution in the gateway. */
const MAX_BUFFER = 1_024;

export class RemoteSubscriptions {
  readonly #client: Client;
  readonly #name: SubgraphName;
  readonly #log: Logger;

  constructor(options: RemoteSubscriptionsOptions) {
    const { name, url, gatewaySecret, log, pingIntervalMs = 10_000, pongTimeoutMs = 5_000 } = options;
    this.#name = name;
    this.#log = log;
    let pongTimer: NodeJS.Timeout | undefined;
    this.#client = createClient({
      url: url.replace(/^http/, 'ws'),
      webSocketImpl: BoundedWebSocket,
      connectionAckWaitTimeout: CONNECT_TIMEOUT_MS,
      connectionParams: { gatewaySecret },
      // No silent reconnect: events would be missed. Whoever knows a cursor subscribes again, see `ResumingSource`.
      retryAttempts: 0,
      lazyCloseTimeout: 10_000,
      keepAlive: pingIntervalMs,
      on: {
        ping: (received) => {
          if (!received) pongTimer = setTimeout(() => this.#client.terminate(), pongTimeoutMs);
        },
        pong: (received) => {
          if (received) clearTimeout(pongTimer);
        },
        closed: () => clearTimeout(pongTimer),
      },
    });
  }

  /** The stream ends with an UNAVAILABLE error where the socket is lost. */
  subscribe(request: SubgraphRequest, context: RequestContext): ResultStream {
    const sink = new ResultSink(MAX_BUFFER);
    const stop = this.#client.subscribe(
      {
        query: request.query,
        operationName: request.operationName,
        variables: request.variables,
        extensions: {
          requestId: context.requestId,
          ...(request.tellStart && { tellStart: true }),
          ...(context.principal && { principal: context.principal }),
        },
      },
      {
        next: (result) => this.#forward(sink, result, context),
        error: (error) => this.#fail(sink, error, context),
        complete: () => sink.end(),
      },
    );
    sink.onEnd(stop);
    return sink;
  }

  async close(): Promise<void> {
    await this.#client.dispose();
  }

  #forward(sink: ResultSink, result: unknown, context: RequestContext): void {
    try {
      sink.push(remoteResult(result));
    } catch (error) {
      this.#fail(sink, error, context);
    }
  }

  #fail(sink: ResultSink, error: unknown, { requestId }: RequestContext): void {
    // A refusal by the subgraph arrives as a list of errors, a lost socket as a close or error event.
    const refusal = z.array(z.object({ message: z.string() })).safeParse(error);
    if (refusal.success) {
      sink.push(remoteResult({ errors: error }));
      sink.end();
      return;
    }
    const reason = error instanceof Error ? { err: error } : { reason: describe(error) };
    this.#log.warn({ ...reason, subgraph: this.#name, requestId }, 'subscription: subgraph lost');
    sink.fail(unavailable('The live connection was interrupted. Subscribe again.'));
  }
}

const describe = (event: unknown): unknown =>
  typeof event === 'object' && event !== null && 'code' in event
    ? { code: event.code, reason: 'reason' in event ? event.reason : undefined }
    : String(event);
