import { afterEach, describe, expect, it } from 'vitest';
import { describeConformance } from '../conformance.ts';
import type { OutgoingMessage, Provider } from '../contract.ts';
import { type FakeAnswer, type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';
import { createProviders } from '../registry.ts';
import { memorySharedValues, testDeps } from '../testing/test-deps.ts';
import { robotFixture } from './conformance-fixture.ts';
import { dingtalk } from './provider.ts';

// The common suite runs over work notifications; here over robots.
describeConformance(dingtalk, robotFixture, async (settings, { shared, ...deps }): Promise<Provider> => {
  const set = await createProviders(settings, { ...deps, sharedOf: () => shared }, { sandbox: false });
  const found = set.account('dingtalk');
  if (!found) throw new Error('not configured');
  return found.provider;
});

const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const ok = (body: object): FakeAnswer => ({ status: 200, body: JSON.stringify(body) });

async function start(answer: (request: FakeRequest) => FakeAnswer, shared = memorySharedValues()) {
  const server = await startFakeHttpServer('accept', answer);
  cleanups.push(() => server.stop());
  const config = dingtalk.config.parse({
    appKey: 'key',
    appSecret: 'secret',
    agentId: '7',
    robots: [{ name: 'plain', accessToken: 'abc' }],
    baseUrl: server.origin,
  });
  const provider = dingtalk.create(config, testDeps({ shared }));
  cleanups.push(() => provider.close?.());
  const send = (message: Partial<OutgoingMessage> = {}) =>
    provider.send(
      {
        workspace: 'default',
        channel: 'DINGTALK',
        address: 'user1',
        notification: 'n1',
        delivery: 'd1',
        priority: 'HIGH',
        locale: 'zh',
        body: '你好',
        ...message,
      },
      { idempotencyKey: 'k', signal: AbortSignal.timeout(20_000) },
    );
  return { server, send };
}

describe('dingtalk provider', () => {
  it('asks for another token when the shared one is refused, once', async () => {
    let tokens = 0;
    const { server, send } = await start(({ path }) => {
      if (path.startsWith('/gettoken'))
        return ok({ errcode: 0, access_token: `t${++tokens}`, expires_in: 7_200 });
      return path.endsWith('access_token=t2') ? ok({ errcode: 0, task_id: 5 }) : ok({ errcode: 40014 });
    });
    expect(await send()).toEqual({ kind: 'accepted', providerMessageId: '5' });
    expect(await send()).toEqual({ kind: 'accepted', providerMessageId: '5' });
    expect(tokens).toBe(2);
    expect(server.requests.filter(({ path }) => path.includes('asyncsend'))).toHaveLength(3);
  });

  it.each(['a,b', 'a b', '', 'x'.repeat(65)])('takes no address %j', async (address) => {
    const { server, send } = await start(() => ok({ errcode: 0 }));
    expect(await send({ address })).toMatchObject({
      kind: 'invalidRecipient',
      code: 'CHANNEL_ADDRESS_INVALID',
    });
    expect(server.requests).toEqual([]);
  });

  it('knows the robots that are configured, and signs nothing without a secret', async () => {
    const { server, send } = await start(() => ok({ errcode: 0 }));
    expect(await send({ address: 'robot:other' })).toMatchObject({
      kind: 'permanent',
      code: 'CHANNEL_MISCONFIGURED',
      about: 'recipient',
    });
    expect(await send({ address: 'robot:plain', data: { dingtalk: { isAtAll: true } } })).toEqual({
      kind: 'accepted',
    });
    expect(server.requests.map(({ path }) => path)).toEqual(['/robot/send?access_token=abc']);
    expect(JSON.parse(server.requests[0]?.body.toString() ?? '')).toEqual({
      msgtype: 'text',
      text: { content: '你好' },
      at: { isAtAll: true },
    });
  });

  it('counts bytes before it sends, and says which field of data.dingtalk is wrong', async () => {
    const { server, send } = await start(() => ok({ errcode: 0 }));
    const body = '好'.repeat(700);
    expect(await send({ body })).toMatchObject({ kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' });
    expect(await send({ address: 'robot:plain', body })).toEqual({ kind: 'accepted' });
    expect(await send({ data: { dingtalk: { markdown: 7 } } })).toMatchObject({
      kind: 'permanent',
      message: expect.stringContaining('data.dingtalk.markdown'),
    });
    expect(server.requests).toHaveLength(1);
  });

  it('pauses a robot alone', () => {
    expect(dingtalk.destination('robot:ops')).toBe('robot:ops');
    expect(dingtalk.destination('user1')).toBeUndefined();
  });
});
