/**
 * Carries graphql-ws's protocol engine (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md) over the
 * sockets of an HTTP server: upgrades one path, sends pings, bounds messages, closes everything on shutdown.
 */
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  CloseCode,
  handleProtocols,
  MessageType,
  type PingMessage,
  type Server as ProtocolServer,
  stringifyMessage,
} from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Logger } from '../logging/logger.ts';

export interface WebSocketOptions<E> {
  readonly server: HttpServer;
  readonly path: string;
  readonly protocol: ProtocolServer<E>;
  /** Makes what the protocol engine's hooks find in `context.extra`. */
  extra(socket: WebSocket, request: IncomingMessage): E;
  readonly log: Logger;
  /** Larger messages close the socket with 1009. */
  readonly maxPayloadBytes: number;
  /** A socket that has not answered a ping before the next one is dropped: proxies cut silent ones without telling. */
  readonly pingIntervalMs: number;
  /** More sockets at once are closed with 4429. */
  readonly maxSockets?: number;
  /** A peer for whom more waits, because it does not read its answers, is cut off. */
  readonly maxWaitingBytes?: number;
  /** Answers a ping of the protocol; without it, or where it gives nothing, the pong repeats the ping's payload. */
  onPing?(extra: E, payload: PingMessage['payload']): Promise<Record<string, unknown> | undefined>;
  /** A socket was opened, closed, or not accepted. */
  onChange?(change: 'opened' | 'closed' | 'refused' | 'cut off'): void;
}

/** "Too many requests", as HTTP's 429: there are too many connections. Clients may try again, later. */
export const TOO_MANY_CONNECTIONS = 4429;

export interface WebSocketEndpoint {
  /** Open sockets. */
  readonly size: number;
  /** Closes every socket with 1001 "going away" and refuses new ones; a peer that does not answer is cut after a second. */
  close(): Promise<void>;
}

const CLOSE_WAIT_MS = 1_000;

export function attachGraphQLWebSocket<E>(options: WebSocketOptions<E>): WebSocketEndpoint {
  const { server, path, log } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols,
    maxPayload: options.maxPayloadBytes,
    // Small messages do not shrink, and a compression context a socket costs more memory than the socket.
    perMessageDeflate: false,
  });
  let closing = false;

  const onUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const pathname = (request.url ?? '').split('?', 1)[0];
    if (closing) return refuse(stream, '503 Service Unavailable');
    if (pathname !== path) return refuse(stream, '404 Not Found');
    sockets.handleUpgrade(request, stream, head, (socket) => {
      // Closed after the handshake, because browsers tell a page nothing of a refused one.
      if (sockets.clients.size > (options.maxSockets ?? Number.POSITIVE_INFINITY)) {
        options.onChange?.('refused');
        socket.on('error', (error) => log.debug({ err: error }, 'WebSocket: refused'));
        socket.close(TOO_MANY_CONNECTIONS, 'Too many connections');
        return;
      }
      accept(socket, request, options);
    });
  };
  server.on('upgrade', onUpgrade);

  return {
    get size() {
      return sockets.clients.size;
    },
    async close() {
      closing = true;
      const closed = [...sockets.clients].map(
        (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
      );
      for (const socket of sockets.clients) socket.close(1001, 'going away');
      const cut = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
      }, CLOSE_WAIT_MS);
      await Promise.all(closed);
      clearTimeout(cut);
      sockets.close();
      log.debug({ sockets: closed.length }, 'sockets closed');
    },
  };
}

function refuse(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function accept<E>(socket: WebSocket, request: IncomingMessage, options: WebSocketOptions<E>): void {
  const { protocol, log, maxWaitingBytes = Number.POSITIVE_INFINITY } = options;
  const extra = options.extra(socket, request);
  const send = (data: string) => sendText(socket, data);
  options.onChange?.('opened');
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send,
      close: (code, reason) => socket.close(code, reason),
      onPing: async (payload) => {
        const answer = (await options.onPing?.(extra, payload)) ?? payload;
        await send(stringifyMessage({ type: MessageType.Pong, ...(answer && { payload: answer }) }));
      },
      onMessage: (receive) => {
        socket.on('message', (data) => {
          if (socket.bufferedAmount > maxWaitingBytes) {
            options.onChange?.('cut off');
            log.info({ bytes: socket.bufferedAmount }, 'WebSocket: the peer does not read its answers');
            return socket.terminate();
          }
          receive(String(data)).catch((error: unknown) => {
            // A send to a socket that died in between is no failure of ours.
            if (socket.readyState !== socket.OPEN) return;
            log.error({ err: error }, 'WebSocket: message failed');
            socket.close(CloseCode.InternalServerError, 'Internal error');
          });
        });
      },
    },
    extra,
  );

  let answered = true;
  const ping = () => {
    if (socket.readyState !== socket.OPEN) return;
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
    pings.refresh();
  };
  // Once what has come by then is read: where this process stood still, the answer may have waited for it.
  const pings = setTimeout(() => setImmediate(ping), options.pingIntervalMs);
  socket.on('pong', () => {
    answered = true;
  });
  // ws closes the socket itself after an error (an oversized message, a broken frame); the reason is for the log.
  socket.on('error', (error) => log.debug({ err: error }, 'WebSocket: closed by an error'));
  socket.once('close', (code, reason) => {
    clearTimeout(pings);
    options.onChange?.('closed');
    closed(code, String(reason)).catch((error: unknown) =>
      log.error({ err: error }, 'WebSocket: cleaning up failed'),
    );
  });
}

/** Resolves when the text was handed to the operating system, or the socket is closed. */
export const sendText = (socket: WebSocket, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    if (socket.readyState !== socket.OPEN) return resolve();
    socket.send(text, (error) => (error ? reject(error) : resolve()));
  });
