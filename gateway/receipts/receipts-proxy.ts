/**
 * `/receipts/<account>` at the gateway's own address: handed on to a dispatcher, which knows the providers. So an
 * installation has one public address, and the dispatcher none.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Agent, request as ask } from 'undici';
import { RECEIPT_URL_HEADER } from '../../platform/http/receipt-address.ts';
import type { Logger } from '../../platform/logging/logger.ts';

const BODY_LIMIT_BYTES = 4 * 1024 * 1024;
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
  const agent = new Agent({ connections: 32 });
  app.addHook('onClose', () => agent.destroy());
  app.register(async (routes) => {
    routes.removeAllContentTypeParsers();
    routes.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    routes.route({
      method: ['GET', 'HEAD', 'POST'],
      url: '/receipts/:account',
      bodyLimit: BODY_LIMIT_BYTES,
      async handler(request, reply) {
        try {
          const answer = await ask(new URL(request.url, dispatcherUrl), {
            dispatcher: agent,
            method: request.method as 'GET' | 'HEAD' | 'POST',
            headers: { ...handedOn(request), [RECEIPT_URL_HEADER]: calledUrl(request, publicUrl) },
            body: Buffer.isBuffer(request.body) ? request.body : null,
            headersTimeout: TIMEOUT_MS,
            bodyTimeout: TIMEOUT_MS,
          });
          const type = answer.headers['content-type'];
          const body = Buffer.from(await answer.body.arrayBuffer());
          return reply
            .code(answer.statusCode)
            .headers(type === undefined ? {} : { 'content-type': [type].flat()[0] ?? '' })
            .send(body);
        } catch (error) {
          log.warn({ err: error }, 'receipt not handed on: no dispatcher answers');
          // Providers tell it again after a 503.
          return reply.code(503).header('retry-after', '10').send('Try again later.');
        }
      },
    });
  });
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
