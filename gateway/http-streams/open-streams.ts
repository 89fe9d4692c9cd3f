/** The responses that stay open. */
import type { FastifyReply } from 'fastify';
import { Gauge } from 'prom-client';
import { unavailable } from '../../platform/errors/herald-error.ts';
import { doNotTime, metricsRegistry } from '../../platform/http/metrics.ts';
import { liveRefusals } from '../subscriptions/live-metrics.ts';
import type { ResultSink } from '../subscriptions/result-sink.ts';
import { HttpStream, type HttpStreamOptions } from './http-stream.ts';

const openGauge = new Gauge({
  name: 'herald_http_streams',
  help: 'Open responses that carry the results of an operation as server-sent events or multipart.',
  labelNames: ['content'] as const,
  registers: [metricsRegistry],
});

/** Of a shutdown: what a client does not take within it is cut. */
const CLOSE_WAIT_MS = 1_000;

export class OpenStreams {
  readonly #heartbeatMs: number;
  readonly #max: number;
  readonly #open = new Map<HttpStream, Promise<void>>();
  #closing = false;

  /** @param max how many may be open. */
  constructor(heartbeatMs: number, max: number) {
    this.#heartbeatMs = heartbeatMs;
    this.#max = max;
  }

  get size(): number {
    return this.#open.size;
  }

  /** @throws HeraldError UNAVAILABLE while the gateway closes, or has as many streams as it may have. */
  assertOpen(): void {
    if (this.#closing) throw unavailable('The gateway goes away. Subscribe again.');
    if (this.#open.size < this.#max) return;
    liveRefusals.inc({ limit: 'connections' });
    throw unavailable('The gateway has as many open connections as it may have. Try again later.');
  }

  /**
   * Answers with what comes out of `results`; the reply is the stream's from now on.
   * @returns when the response is over, whoever ended it. Never rejects.
   */
  async send(
    reply: FastifyReply,
    results: ResultSink,
    options: Omit<HttpStreamOptions, 'heartbeatMs'>,
  ): Promise<void> {
    doNotTime(reply.request);
    reply.hijack();
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': options.framing.contentType,
      'cache-control': 'no-cache',
      // nginx and what learned from it would hold events back to fill a buffer.
      'x-accel-buffering': 'no',
    });
    const stream = new HttpStream(reply.raw, results, { ...options, heartbeatMs: this.#heartbeatMs });
    const content = options.framing.contentType.split(';', 1)[0] ?? '';
    openGauge.inc({ content });
    const over = stream.run();
    this.#open.set(stream, over);
    // It may have begun to close while the operation started.
    if (this.#closing) stream.interrupt();
    await over;
    this.#open.delete(stream);
    openGauge.dec({ content });
  }

  /** Refuses new streams and ends those that run; clients know to come back. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const stream of this.#open.keys()) stream.interrupt();
    const cut = setTimeout(() => {
      for (const stream of this.#open.keys()) stream.cut();
    }, CLOSE_WAIT_MS);
    await Promise.all(this.#open.values());
    clearTimeout(cut);
  }
}
