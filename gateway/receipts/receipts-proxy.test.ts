import { type FastifyInstance, fastify } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RECEIPT_URL_HEADER } from '../../platform/http/receipt-address.ts';
import { registerReceiptsProxy } from './receipts-proxy.ts';

const log = pino({ level: 'silent' });
const asked: { method: string; url: string; called: unknown; type: unknown; body: string }[] = [];
/** Requests that get no answer before that. */
let slow = 0;
const slowly = Promise.withResolvers<void>();
let dispatcher: FastifyInstance;
let gateway: FastifyInstance;
let alone: FastifyInstance;

const gatewayTo = (dispatcherUrl: string) => {
  const app = fastify();
  registerReceiptsProxy(app, { dispatcherUrl, publicUrl: 'https://herald.example.com/', log });
  return app;
};
beforeAll(async () => {
  dispatcher = fastify();
  dispatcher.removeAllContentTypeParsers();
  dispatcher.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  dispatcher.all('/*', async (request, reply) => {
    if (request.url === '/receipts/slow') {
      slow++;
      await slowly.promise;
    }
    asked.push({
      method: request.method,
      url: request.url,
      called: request.headers[RECEIPT_URL_HEADER],
      type: request.headers['content-type'],
      body: String(request.body ?? ''),
    });
    return reply
      .code(201)
      .headers({
        'content-type': 'text/html',
        'content-security-policy': "default-src 'none'",
        'cache-control': 'no-store',
        'x-inner': 'stays inside',
      })
      .send('<p>');
  });
  gateway = gatewayTo(await dispatcher.listen({ port: 0, host: '127.0.0.1' }));
  alone = gatewayTo('http://127.0.0.1:9');
});
afterAll(() => Promise.all([gateway, alone, dispatcher].map((app) => app?.close())));

it.each(['/receipts/mail-a?x=1', '/unsubscribe/dlv_1.abc'])('%s is handed on as it came', async (url) => {
  asked.length = 0;
  const answer = await gateway.inject({
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      [RECEIPT_URL_HEADER]: 'https://forged.example',
    },
    payload: 'List-Unsubscribe=One-Click',
  });
  expect(asked).toEqual([
    {
      method: 'POST',
      url,
      called: `https://herald.example.com${url}`,
      type: 'application/x-www-form-urlencoded',
      body: 'List-Unsubscribe=One-Click',
    },
  ]);
  expect(answer.statusCode).toBe(201);
  expect(answer.body).toBe('<p>');
  expect(answer.headers).toMatchObject({
    'content-type': 'text/html',
    'content-security-policy': "default-src 'none'",
    'cache-control': 'no-store',
  });
  expect(answer.headers).not.toHaveProperty('x-inner');
  expect((await gateway.inject({ url })).statusCode).toBe(201);
  expect(asked[1]).toMatchObject({ method: 'GET', url, body: '' });
});

it('takes no long form', async () => {
  asked.length = 0;
  const answer = await gateway.inject({
    method: 'POST',
    url: '/unsubscribe/x',
    headers: { 'content-type': 'text/plain' },
    payload: 'x'.repeat(64 * 1024 + 1),
  });
  expect(answer.statusCode).toBe(413);
  expect(asked).toEqual([]);
});

it('without a dispatcher: come again later', async () => {
  const answer = await alone.inject({ method: 'POST', url: '/unsubscribe/x' });
  expect(answer.statusCode).toBe(503);
  expect(answer.headers['retry-after']).toBe('10');
});

it('lets nobody wait for those whose receipts take long', async () => {
  const post = (url: string) => gateway.inject({ method: 'POST', url, payload: 'x' });
  const waiting = Array.from({ length: 100 }, () => post('/receipts/slow'));
  await expect.poll(() => slow).toBe(100);
  expect((await post('/receipts/mail-a')).statusCode).toBe(201);
  slowly.resolve();
  expect(new Set((await Promise.all(waiting)).map(({ statusCode }) => statusCode))).toEqual(new Set([201]));
});
