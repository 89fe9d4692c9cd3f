import { afterEach, describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { type FakeAnswer, type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';
import { testDeps } from '../testing/test-deps.ts';
import { qq } from './provider.ts';

const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const json = (value: object, status = 200): FakeAnswer => ({ status, body: JSON.stringify(value) });

/** Every token is another one. */
async function start(answer: (request: FakeRequest) => FakeAnswer) {
  let tokens = 0;
  const isToken = ({ path }: FakeRequest) => path === '/app/getAppAccessToken';
  const server = await startFakeHttpServer(
    'accept',
    (request) =>
      isToken(request) ? json({ access_token: `t${++tokens}`, expires_in: '7200' }) : answer(request),
    isToken,
  );
  cleanups.push(() => server.stop());
  const urls = { baseUrl: server.origin, tokenBaseUrl: server.origin };
  const provider = qq.create(qq.config.parse({ appId: '1', clientSecret: 's', ...urls }), testDeps());
  cleanups.push(() => provider.close?.());
  const message: OutgoingMessage = {
    workspace: 'default',
    channel: 'QQ',
    address: 'group:G',
    notification: 'n1',
    delivery: 'd1',
    priority: 'HIGH',
    locale: 'zh',
    body: '你好',
    imageUrl: 'https://a.example/i.png',
  };
  const send = (more: Partial<OutgoingMessage> = {}) =>
    provider.send({ ...message, ...more }, { idempotencyKey: 'k', signal: AbortSignal.timeout(20_000) });
  const bodies = () => server.requests.map(({ body }) => JSON.parse(body.toString()) as object);
  return { server, send, bodies };
}
const ACCEPTED = { kind: 'accepted', providerMessageId: 'm1' };

describe('qq provider', () => {
  it('uploads a picture for a group, and sends it with the text', async () => {
    const { server, send, bodies } = await start(({ path }) =>
      path === '/v2/groups/G/files' ? json({ file_info: 'f', ttl: 60 }) : json({ id: 'm1' }),
    );
    expect(await send()).toEqual(ACCEPTED);
    expect(server.requests.map(({ path }) => path)).toEqual(['/v2/groups/G/files', '/v2/groups/G/messages']);
    expect(bodies()).toEqual([
      { file_type: 1, url: 'https://a.example/i.png', srv_send_msg: false },
      { msg_type: 7, content: '你好', media: { file_info: 'f' } },
    ]);
  });

  it('sends the text alone when the picture cannot be had', async () => {
    const { send, bodies } = await start(({ path }) =>
      path.endsWith('/files') ? json({ code: 304082 }, 500) : json({ id: 'm1' }),
    );
    expect(await send()).toEqual(ACCEPTED);
    expect(bodies()[1]).toEqual({ msg_type: 0, content: '你好' });
  });

  it('asks for another token when the shared one is refused, once', async () => {
    const { server, send } = await start(({ headers }) =>
      headers.authorization === 'QQBot t2' ? json({ id: 'm1' }) : json({ code: 11243 }, 401),
    );
    expect(await send()).toEqual(ACCEPTED);
    expect(await send({ address: 'channel:7' })).toEqual(ACCEPTED);
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/v2/groups/G/files',
      '/v2/groups/G/files',
      '/v2/groups/G/messages',
      '/channels/7/messages',
    ]);
  });

  it.each(['', 'a b', 'group:', 'guild:1'])('takes no address %j', async (address) => {
    const { server, send } = await start(() => json({ id: 'm1' }));
    expect(await send({ address })).toMatchObject({ kind: 'invalidRecipient' });
    expect(server.requests).toEqual([]);
  });
});
