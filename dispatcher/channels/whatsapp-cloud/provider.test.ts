import { afterEach, expect, it } from 'vitest';
import { startFakeHttpServer } from '../network/fake-http-server.ts';
import { testDeps } from '../testing/test-deps.ts';
import { whatsappCloud } from './provider.ts';

const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start() {
  const server = await startFakeHttpServer('accept', () => ({
    status: 200,
    body: '{"messages":[{"id":"wamid.1"}]}',
  }));
  cleanups.push(() => server.stop());
  const provider = whatsappCloud.create(
    whatsappCloud.config.parse({
      phoneNumberId: '106540352242922',
      accessToken: 'A'.repeat(40),
      apiVersion: 'v24.0',
      baseUrl: `${server.origin}/proxy/`,
    }),
    testDeps(),
  );
  cleanups.push(() => provider.close?.());
  const send = (data?: unknown) =>
    provider.send(
      {
        workspace: 'default',
        channel: 'WHATSAPP',
        address: '+16505551234',
        notification: 'n1',
        delivery: 'd1',
        priority: 'HIGH',
        locale: 'en-US',
        body: 'Hello',
        data,
      },
      { idempotencyKey: 'k', signal: AbortSignal.timeout(20_000) },
    );
  return { server, send };
}

it('sends the template that the message names', async () => {
  const { server, send } = await start();
  expect(await send({ 'whatsapp-cloud': { template: { name: 'order_paid', body: ['7'] } } })).toEqual({
    kind: 'accepted',
    providerMessageId: 'wamid.1',
  });
  expect(server.requests.map(({ path }) => path)).toEqual(['/proxy/v24.0/106540352242922/messages']);
  expect(JSON.parse(server.requests[0]?.body.toString() ?? '')).toMatchObject({
    type: 'template',
    template: { name: 'order_paid', language: { code: 'en_US' } },
  });
});

it('names what is wrong with data, before it asks', async () => {
  const { server, send } = await start();
  expect(await send({ 'whatsapp-cloud': { template: { name: 'Order Paid' } } })).toMatchObject({
    kind: 'permanent',
    message: expect.stringContaining('data.whatsapp-cloud.template.name'),
  });
  expect(server.requests).toEqual([]);
});
