import { afterEach, describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { type FakeAnswer, type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';
import { testDeps } from '../testing/test-deps.ts';
import { wechat } from './provider.ts';

const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const ok = (body: object): FakeAnswer => ({ status: 200, body: JSON.stringify(body) });
/** Tokens are named after their app, and counted. */
const tokenOf = (made: string[], { body }: FakeRequest) => {
  const { appid } = JSON.parse(body.toString()) as { appid: string };
  made.push(appid);
  return ok({ access_token: `${appid}-${made.length}`, expires_in: 7_200 });
};

async function start(answer: (request: FakeRequest) => FakeAnswer, config: object = {}) {
  const server = await startFakeHttpServer('accept', answer);
  cleanups.push(() => server.stop());
  const both = { appId: 'off', appSecret: 's', miniAppId: 'mini', miniAppSecret: 's', templateId: 'T1' };
  const provider = wechat.create(
    wechat.config.parse({ ...both, miniTemplateId: 'M1', ...config, baseUrl: server.origin }),
    testDeps(),
  );
  cleanups.push(() => provider.close?.());
  const send = (message: Partial<OutgoingMessage> = {}) =>
    provider.send(
      {
        workspace: 'default',
        channel: 'WECHAT',
        address: 'o1',
        notification: 'n1',
        delivery: 'd1',
        priority: 'HIGH',
        locale: 'zh',
        body: '你好',
        ...message,
      },
      { idempotencyKey: 'k', signal: AbortSignal.timeout(20_000) },
    );
  const messages = () => server.requests.filter(({ path }) => !path.includes('stable_token'));
  return { messages, provider, send };
}

describe('wechat provider', () => {
  it('keeps the tokens of both apps apart, and replaces a refused one once', async () => {
    const made: string[] = [];
    const { messages, send } = await start((request) => {
      if (request.path === '/cgi-bin/stable_token') return tokenOf(made, request);
      return ok({ errcode: request.path.endsWith('off-1') ? 40001 : 0, msgid: 9 });
    });
    expect(await send()).toEqual({ kind: 'accepted', providerMessageId: '9' });
    expect(await send({ address: 'mini:o2' })).toMatchObject({ kind: 'accepted' });
    expect(await send({ data: { wechat: { kind: 'subscribe' } } })).toMatchObject({ kind: 'accepted' });
    expect(made).toEqual(['off', 'off', 'mini']);
    expect(messages().map(({ path }) => path)).toEqual([
      '/cgi-bin/message/template/send?access_token=off-1',
      '/cgi-bin/message/template/send?access_token=off-2',
      '/cgi-bin/message/subscribe/send?access_token=mini-3',
      '/cgi-bin/message/subscribe/send?access_token=mini-3',
    ]);
    expect(JSON.parse(messages()[2]?.body.toString() ?? '')).toMatchObject({
      touser: 'o2',
      template_id: 'M1',
    });
  });

  it.each(['', 'a b', 'mini:', '测试', 'x'.repeat(129)])('takes no address %j', async (address) => {
    const { messages, send } = await start(() => ok({ errcode: 0 }));
    expect(await send({ address })).toMatchObject({
      kind: 'invalidRecipient',
      code: 'CHANNEL_ADDRESS_INVALID',
    });
    expect(messages()).toEqual([]);
  });

  it('sends nothing of a kind that it is not configured for', async () => {
    const wrong = { kind: 'permanent', code: 'CHANNEL_MISCONFIGURED', about: 'recipient' };
    const { messages, send } = await start(() => ok({ errcode: 0 }), { miniAppId: undefined });
    expect(await send({ address: 'mini:o2' })).toMatchObject(wrong);
    expect(await send({ data: { wechat: { kind: 'subscribe' } } })).toMatchObject(wrong);
    const both = await start(() => ok({ errcode: 0 }));
    const data = { wechat: { kind: 'template' } };
    expect(await both.send({ address: 'mini:o2', data })).toMatchObject(wrong);
    expect(messages()).toEqual([]);
  });

  it('sends subscribe messages where there is only a mini-program', async () => {
    const { messages, send } = await start(
      (request) => (request.path === '/cgi-bin/stable_token' ? tokenOf([], request) : ok({ errcode: 0 })),
      { appId: undefined },
    );
    expect(await send()).toEqual({ kind: 'accepted' });
    expect(messages().map(({ path }) => path)).toEqual([
      '/cgi-bin/message/subscribe/send?access_token=mini-1',
    ]);
  });

  it('reads receipts where it has the token for them', async () => {
    const { provider } = await start(() => ok({}), { callbackToken: 'abc' });
    const url = new URL('https://herald.example/receipts/wechat');
    const raw = { method: 'POST', url, headers: {}, body: Buffer.alloc(0) };
    expect(await provider.parseReceipts?.(raw, AbortSignal.timeout(20_000))).toMatchObject({
      kind: 'unauthorized',
    });
    expect((await start(() => ok({}))).provider.parseReceipts).toBeUndefined();
  });
});
