/** Prometheus metrics of a process (https://prometheus.io/docs/instrumenting/exposition_formats/). */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** The one registry of the process: whoever measures something registers it here. */
export const metricsRegistry = new Registry();

let defaultsCollected = false;

const httpDuration = new Histogram({
  name: 'herald_http_request_duration_seconds',
  help: 'Time from the request line to the end of the response.',
  labelNames: ['method', 'route', 'status'] as const,
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  registers: [metricsRegistry],
});

const untimed = new WeakSet<FastifyRequest>();

/** The answer to `request` stays open for as long as the client likes: that says nothing about how fast Herald is. */
export const doNotTime = (request: FastifyRequest): void => void untimed.add(request);

/** Measures every request of `app` and serves `GET /metrics`: process metrics and whatever is in the registry. */
export function registerMetrics(app: FastifyInstance): void {
  if (!defaultsCollected) {
    defaultsCollected = true;
    collectDefaultMetrics({ register: metricsRegistry });
  }
  app.addHook('onResponse', (request, reply, done) => {
    if (untimed.has(request)) return done();
    httpDuration.observe(
      {
        method: request.method,
        // The route's pattern, never the URL: labels must stay few.
        route: request.routeOptions.url ?? 'unmatched',
        status: String(reply.statusCode),
      },
      reply.elapsedTime / 1000,
    );
    done();
  });
  app.get('/metrics', async (_request, reply) => {
    reply.header('content-type', metricsRegistry.contentType);
    return metricsRegistry.metrics();
  });
}
