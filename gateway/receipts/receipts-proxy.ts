/**
 * `/receipts/<account>` and `/unsubscribe/<token>` at the gateway's own address: handed on to a dispatcher, which
 * knows the providers and signed the links. So an installation has one public address, and the dispatcher none.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Agent, request as ask } from 'undici';
import { takeRawBodies } from '../../platform/http/raw-bodies.ts';
import { RECEIPT_URL_HEADER } from '../../platform/http/receipt-address.ts';
import type { Logger } from '../../platform/logging/logger.ts';

/** With the largest body of each. */
const HANDED_ON = [
  { url: '/receipts/:account', bodyLimit: 4 * 1024 * 1024 },
  { url: '/unsubscribe/:token', bodyLimit: 64 * 1024 },
] as const;
/** Of the answer. */
const ANSWERED = [
  'content-type',
  'content-security-policy',
  'cache-control',
  'referrer-policy',
  'x-content-type-options',
  'x-robots-tag',
];
const TIMEOUT_MS = 30_000;
/** Of one hop (RFC 9110, 7.6.1), or made anew for the next one. */
const NOT_HANDED_ON = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  RECEIPT_URL_HEADER,
]);

/**
 * @param dispatcherUrl without a path.
 * @param publicUrl where callers reach this gateway; without it the request's own host and protocol are taken.
 */
export function registerReceiptsProxy(
  app: FastifyInstance,
  { dispatcherUrl, publicUrl, log }: { dispatcherUrl: string; publicUrl: string | undefined; log: Logger },
): void {
  // Many: one that tells of a message which nobody knows yet is answered after seconds, and the others must not wait for
  // it. Not any number: a dispatcher that hangs must not take the file descriptors that subscriptions need.
  const agent = new Agent({ connections: 1_000 });
  app.addHook('onClose', () => agent.destroy());
  app.register(async (routes) => {
    takeRawBodies(routes);
    for (const { url, bodyLimit } of HANDED_ON)
      routes.route({ method: ['GET', 'HEAD', 'POST'], url, bodyLimit, handler: handOn });
  });

  async function handOn(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    try {
      const answer = await ask(new URL(request.url, dispatcherUrl), {
        dispatcher: agent,
        method: request.method as 'GET' | 'HEAD' | 'POST',
        headers: { ...handedOn(request), [RECEIPT_URL_HEADER]: calledUrl(request, publicUrl) },
        body: Buffer.isBuffer(request.body) ? request.body : null,
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      const body = Buffer.from(await answer.body.arrayBuffer());
      const headers = ANSWERED.flatMap((name) => {
        const [value] = [answer.headers[name]].flat();
        return value === undefined ? [] : [[name, value]];
      });
      return reply.code(answer.statusCode).headers(Object.fromEntries(headers)).send(body);
    } catch (error) {
      log.warn({ err: error, route: request.routeOptions.url }, 'not handed on: no dispatcher answers');
      // Providers tell it again after a 503.
      return reply.code(503).header('retry-after', '10').send('Try again later.');
    }
  }
}

const handedOn = ({ headers }: FastifyRequest): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      NOT_HANDED_ON.has(name) || value === undefined ? [] : [[name, [value].flat().join(', ')]],
    ),
  );

function calledUrl({ url, protocol, host }: FastifyRequest, publicUrl: string | undefined): string {
  return publicUrl === undefined ? `${protocol}://${host}${url}` : `${publicUrl.replace(/\/$/, '')}${url}`;
}
