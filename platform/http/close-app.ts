/** Ends an HTTP server without cutting requests in hand and without waiting for idle connections. */
import type { FastifyInstance } from 'fastify';

const SWEEP_MS = 50;

/**
 * Refuses new connections and waits for requests in hand. Fastify's own `close` cuts the connections that are idle
 * at that moment; one that is answered later would stay open for its keep-alive time (72 s) and hold up the shutdown.
 */
export async function closeApp(app: FastifyInstance): Promise<void> {
  const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
  }
}
