/** Ends an HTTP server without cutting requests in hand and without waiting for idle connections. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

const SWEEP_MS = 50;
/** A request may be on its way on a connection that has just been opened. */
const SILENT_MS = 500;

const connections = new WeakMap<Server, Set<Socket>>();

/**
 * Lets `closeApp` know the connections on which nothing was ever asked: browsers and Node's fetch open some ahead,
 * and to Node they are not idle, so that they would hold up a shutdown for a minute. Call it before `listen`.
 */
export function watchConnections(app: FastifyInstance): void {
  const open = new Set<Socket>();
  connections.set(app.server, open);
  app.server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
}

/**
 * Refuses new connections and waits for requests in hand. Fastify's own `close` cuts the connections that are idle
 * at that moment; one that is answered later would stay open for its keep-alive time (72 s) and hold up the shutdown.
 */
export async function closeApp(app: FastifyInstance): Promise<void> {
  const startedAt = performance.now();
  const sweep = setInterval(() => {
    app.server.closeIdleConnections();
    if (performance.now() - startedAt < SILENT_MS) return;
    for (const socket of connections.get(app.server) ?? []) if (socket.bytesRead === 0) socket.destroy();
  }, SWEEP_MS);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
  }
}
