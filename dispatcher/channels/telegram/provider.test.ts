import { afterEach, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { type FakeAnswer, startFakeHttpServer } from '../network/fake-http-server.ts';
import { testDeps } from '../testing/test-deps.ts';
import { telegram } from './provider.ts';

const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const botToken = `123456789:${'t'.repeat(35)}`;

/** Answers one call after the other with `answers`. */
async function start(...answers: readonly object[]) {
  const left = [...answers];
  const server = await startFakeHttpServer('accept', (): FakeAnswer => {
    const body = left.shift() ?? { ok: true, result: {} };
    return { status: 'error_code' in body ? 400 : 200, body: JSON.stringify(body) };
  });
  cleanups.push(() => server.stop());
  const provider = telegram.create(telegram.config.parse({ botToken, baseUrl: server.origin }), testDeps());
  cleanups.push(() => provider.close?.());
  const send = (message: Partial<OutgoingMessage> = {}) =>
    provider.send(
      {
        workspace: 'default',
        channel: 'TELEGRAM',
        address: '4711',
        notification: 'n1',
        delivery: 'd1',
        priority: 'HIGH',
        locale: 'en',
        body: 'Hello',
        ...message,
      },
      { idempotencyKey: 'k', signal: AbortSignal.timeout(20_000) },
    );
  const calls = () =>
    server.requests.map(({ path, body }) => [path.split('/').at(-1), JSON.parse(body.toString())]);
  return { send, calls };
}

const taken = { ok: true, result: { message_id: 1, chat: { id: 4711 } } };

it('follows a group that became a supergroup, in the same attempt', async () => {
  const { send, calls } = await start(
    {
      ok: false,
      error_code: 400,
      description: 'Bad Request: group chat was upgraded to a supergroup chat',
      parameters: { migrate_to_chat_id: -1004711 },
    },
    taken,
  );
  expect(await send()).toEqual({ kind: 'accepted', providerMessageId: '4711:1' });
  expect(calls()).toMatchObject([
    ['sendMessage', { chat_id: 4711 }],
    ['sendMessage', { chat_id: -1004711 }],
  ]);
});

it('sends the text where Telegram cannot load the picture', async () => {
  const { send, calls } = await start(
    { ok: false, error_code: 400, description: 'Bad Request: failed to get HTTP URL content' },
    taken,
  );
  expect(await send({ imageUrl: 'https://a.example/i.png' })).toMatchObject({ kind: 'accepted' });
  expect(calls()).toMatchObject([
    ['sendPhoto', { photo: 'https://a.example/i.png', caption: 'Hello' }],
    ['sendMessage', { text: 'Hello' }],
  ]);
});

it('asks twice at most', async () => {
  const moved = {
    ok: false,
    error_code: 400,
    description: 'Bad Request: group chat was upgraded to a supergroup chat',
    parameters: { migrate_to_chat_id: -1004711 },
  };
  const { send, calls } = await start(moved, moved, taken);
  expect(await send()).toMatchObject({ kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE' });
  expect(calls()).toHaveLength(2);
});

it('refuses what data.telegram must not be, before it asks', async () => {
  const { send, calls } = await start();
  expect(await send({ data: { telegram: { format: 'BBCode' } } })).toMatchObject({
    kind: 'permanent',
    code: 'CHANNEL_MESSAGE_REJECTED',
    message: expect.stringContaining('data.telegram.format'),
    about: 'recipient',
  });
  expect(calls()).toEqual([]);
});
