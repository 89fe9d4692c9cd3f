import { afterEach, describe, expect, it } from 'vitest';
import { describeConformance } from '../conformance.ts';
import type { OutgoingMessage, Provider } from '../contract.ts';
import { type FakeAnswer, type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';
import { createProviders } from '../registry.ts';
import { testDeps } from '../testing/test-deps.ts';
import { robotFixture } from './conformance-fixture.ts';
import { wecom } from './provider.ts';

// The common suite runs over an app; here over robots.
describeConformance(wecom, robotFixture, async (settings, { shared, ...deps }): Promise<Provider> => {
  const set = await createProviders(settings, { ...deps, sharedOf: () => shared }, { sandbox: false });
  const found = set.account('wecom');
  if (!found) throw new Error('not configured');
  return found.provider;
});

const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const ok = (body: object): FakeAnswer => ({ status: 200, body: JSON.stringify(body) });

async function start(answer: (request: FakeRequest) => FakeAnswer, app = true) {
  const server = await startFakeHttpServer('accept', answer);
  cleanups.push(() => server.stop());
  const config = wecom.config.parse({
    ...(app && { corpId: 'ww1', corpSecret: 'secret', agentId: '7' }),
    robots: [{ name: 'ops', key: 'abc' }],
    baseUrl: server.origin,
  });
  const provider = wecom.create(config, testDeps());
  cleanups.push(() => provider.close?.());
  const send = (message: Partial<OutgoingMessage> = {}) =>
    provider.send(
      {
        workspace: 'default',
        channel: 'WECOM',
        address: 'ZhangSan',
        notification: 'n1',
        delivery: 'd1',
        priority: 'HIGH',
        locale: 'zh',
        body: '你好',
        ...message,
      },
      { idempotencyKey: 'k', signal: AbortSignal.timeout(20_000) },
    );
  return { server, provider, send };
}

describe('wecom provider', () => {
  it.each([40014, 42001])(
    'asks for another token when the shared one is refused (%i), once',
    async (errcode) => {
      let tokens = 0;
      const { server, send } = await start(({ path }) => {
        if (path.startsWith('/cgi-bin/gettoken'))
          return ok({ errcode: 0, access_token: `t${++tokens}`, expires_in: 7_200 });
        return path.endsWith('access_token=t2') ? ok({ errcode: 0, msgid: 'm' }) : ok({ errcode });
      });
      const accepted = { kind: 'accepted', providerMessageId: 'm' };
      expect(await send({ data: { wecom: { confidential: true } } })).toEqual(accepted);
      expect(await send()).toEqual(accepted);
      expect(tokens).toBe(2);
      const messages = server.requests.filter(({ method }) => method === 'POST');
      expect(messages).toHaveLength(3);
      expect(JSON.parse(messages[1]?.body.toString() ?? '')).toEqual({
        touser: 'ZhangSan',
        agentid: 7,
        msgtype: 'text',
        text: { content: '你好' },
        safe: 1,
      });
    },
  );

  it('gives up when the next token is refused as well', async () => {
    const { send } = await start(({ path }) =>
      path.startsWith('/cgi-bin/gettoken')
        ? ok({ errcode: 0, access_token: 't', expires_in: 7_200 })
        : ok({ errcode: 40014 }),
    );
    expect(await send()).toMatchObject({ kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' });
  });

  it.each(['a|b', '@all', 'a b', '', 'x'.repeat(65)])('takes no address %j', async (address) => {
    const { server, send } = await start(() => ok({ errcode: 0 }));
    expect(await send({ address })).toMatchObject({
      kind: 'invalidRecipient',
      code: 'CHANNEL_ADDRESS_INVALID',
    });
    expect(server.requests).toEqual([]);
  });

  it('knows what it is configured for', async () => {
    const { server, provider, send } = await start(() => ok({ errcode: 0 }), false);
    const wrong = { kind: 'permanent', code: 'CHANNEL_MISCONFIGURED', about: 'recipient' };
    expect(await send()).toMatchObject(wrong);
    expect(await send({ address: 'robot:other' })).toMatchObject(wrong);
    expect(provider.health).toBeUndefined();
    const data = { wecom: { mentioned: ['@all'] } };
    expect(await send({ address: 'robot:ops', data })).toEqual({ kind: 'accepted' });
    expect(server.requests.map(({ path }) => path)).toEqual(['/cgi-bin/webhook/send?key=abc']);
    expect(JSON.parse(server.requests[0]?.body.toString() ?? '')).toEqual({
      msgtype: 'text',
      text: { content: '你好', mentioned_list: ['@all'] },
    });
  });

  it('counts bytes before it sends', async () => {
    const { server, send } = await start(() => ok({ errcode: 0 }));
    const tooLarge = { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' };
    expect(await send({ body: '好'.repeat(683) })).toMatchObject(tooLarge);
    const data = { wecom: { markdown: 'x'.repeat(2_049) } };
    expect(await send({ data })).toMatchObject(tooLarge);
    expect(await send({ data, address: 'robot:ops' })).toEqual({ kind: 'accepted' });
    expect(server.requests).toHaveLength(1);
  });
});
