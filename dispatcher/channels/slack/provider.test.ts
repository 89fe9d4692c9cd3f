import { afterEach, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { type FakeAnswer, startFakeHttpServer } from '../network/fake-http-server.ts';
import { testDeps } from '../testing/test-deps.ts';
import { slack } from './provider.ts';

const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const PATH = '/services/T00000000/B00000000/s3cr3ts3cr3ts3cr3t';

async function start(...answers: readonly FakeAnswer[]) {
  const left = [...answers];
  const server = await startFakeHttpServer('accept', () => left.shift() ?? { status: 200, body: 'ok' });
  cleanups.push(() => server.stop());
  const provider = slack.create(slack.config.parse({ webhookBaseUrl: server.origin }), testDeps());
  cleanups.push(() => provider.close?.());
  const send = (message: Partial<OutgoingMessage> = {}) =>
    provider.send(
      {
        workspace: 'default',
        channel: 'SLACK',
        address: `https://hooks.slack.com${PATH}`,
        notification: 'n1',
        delivery: 'd1',
        priority: 'HIGH',
        locale: 'en',
        body: 'Hello',
        ...message,
      },
      { idempotencyKey: 'k', signal: AbortSignal.timeout(20_000) },
    );
  const bodies = () => server.requests.map(({ body }) => JSON.parse(body.toString()));
  return { send, server, bodies, provider };
}

it('posts to an incoming webhook without a token', async () => {
  const { send, server, bodies, provider } = await start();
  expect(await send()).toEqual({ kind: 'accepted' });
  expect(server.requests).toMatchObject([{ method: 'POST', path: PATH }]);
  expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
  expect(bodies()).toEqual([
    {
      text: 'Hello',
      blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'Hello', verbatim: true } }],
    },
  ]);
  expect(await provider.health?.(AbortSignal.timeout(20_000))).toEqual({ ok: true });
});

it('does not tell the address of a webhook, which is its secret', async () => {
  const { send } = await start({ status: 404, body: `no_service ${PATH}` });
  expect(JSON.stringify(await send())).not.toContain('s3cr3t');
});

it('sends the text where Slack cannot load the picture', async () => {
  const { send, bodies } = await start({ status: 400, body: 'invalid_blocks' });
  expect(await send({ imageUrl: 'https://a.example/i.png' })).toEqual({ kind: 'accepted' });
  expect(bodies()).toMatchObject([{ blocks: [{}, { type: 'image' }] }, { blocks: [{ type: 'section' }] }]);
});

it('says that channels need a token', async () => {
  const { send, server } = await start();
  expect(await send({ address: 'C0123456789' })).toMatchObject({
    kind: 'permanent',
    code: 'CHANNEL_MISCONFIGURED',
    message: expect.stringContaining('botToken'),
  });
  expect(server.requests).toEqual([]);
});
