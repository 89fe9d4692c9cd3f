/** `/receipts/<account>`: where providers tell what became of messages. */
import type { FastifyInstance } from 'fastify';
import { takeRawBodies } from '../../platform/http/raw-bodies.ts';
import { RECEIPT_URL_HEADER } from '../../platform/http/receipt-address.ts';
import type { RawReceipt } from '../channels/contract.ts';
import { type ReceiptsDeps, takeReceipts } from './receipts.ts';

/** A provider may tell of thousands of messages at once. */
const BODY_LIMIT_BYTES = 4 * 1024 * 1024;

export function registerReceipts(app: FastifyInstance, deps: ReceiptsDeps): void {
  app.register(async (routes) => {
    takeRawBodies(routes);
    routes.route<{ Params: { account: string } }>({
      method: ['GET', 'HEAD', 'POST'],
      url: '/receipts/:account',
      bodyLimit: BODY_LIMIT_BYTES,
      async handler(request, reply) {
        const raw: RawReceipt = {
          method: request.method,
          url: urlOf(request.headers, request.url),
          headers: Object.fromEntries(
            Object.entries(request.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
          ),
          body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        };
        const { status, contentType, body } = await takeReceipts(request.params.account, raw, deps);
        return reply
          .code(status)
          .type(contentType ?? 'text/plain; charset=utf-8')
          .send(body ?? '');
      },
    });
  });
}

/** As the provider called it: a gateway in front says how. */
function urlOf(headers: Readonly<Record<string, string | string[] | undefined>>, path: string): URL {
  const told = headers[RECEIPT_URL_HEADER];
  if (typeof told === 'string' && URL.canParse(told)) return new URL(told);
  return new URL(path, `http://${headers.host ?? 'localhost'}`);
}
