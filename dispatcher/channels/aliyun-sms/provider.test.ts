import { afterEach, describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { startFakeHttpServer } from '../network/fake-http-server.ts';
import { testDeps } from '../testing/test-deps.ts';
import { aliyunSms } from './provider.ts';

const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(config: object = {}) {
  const server = await startFakeHttpServer('accept', () => ({
    status: 200,
    body: JSON.stringify({ Code: 'OK', BizId: '1^0' }),
  }));
  cleanups.push(() => server.stop());
  const keys = { accessKeyId: 'id', accessKeySecret: 'secret', signName: '赫拉德' };
  const provider = aliyunSms.create(
    aliyunSms.config.parse({ ...keys, baseUrl: server.origin, ...config }),
    testDeps(),
  );
  cleanups.push(() => provider.close?.());
  const message: OutgoingMessage = {
    workspace: 'default',
    channel: 'SMS',
    address: '+8613800138000',
    notification: 'n1',
    delivery: 'd1',
    priority: 'HIGH',
    locale: 'zh',
    body: '你好',
  };
  const send = (more: Partial<OutgoingMessage>) =>
    provider.send({ ...message, ...more }, { idempotencyKey: 'k', signal: AbortSignal.timeout(20_000) });
  return { server, provider, send };
}

describe('aliyun-sms provider', () => {
  it('sends with the template of the message where the account has none', async () => {
    const { server, send } = await start();
    expect(await send({})).toMatchObject({ kind: 'permanent', about: 'recipient' });
    const data = { 'aliyun-sms': { templateCode: 'SMS_2', params: { code: '1234' } } };
    expect(await send({ data })).toEqual({ kind: 'accepted', providerMessageId: '1^0' });
    expect(server.requests).toHaveLength(1);
    const [request] = server.requests;
    expect(request?.path).toContain('TemplateCode=SMS_2');
    expect(request?.headers).toMatchObject({ 'x-acs-action': 'SendSms' });
    expect(request?.body).toHaveLength(0);
  });

  it.each(['13800138000', '+86 138', ''])('takes no address %j', async (address) => {
    const { server, send } = await start({ templateCode: 'SMS_1' });
    expect(await send({ address })).toMatchObject({ kind: 'invalidRecipient' });
    expect(server.requests).toEqual([]);
  });

  it('reads receipts where it has a token for them', async () => {
    const { provider } = await start({ receiptToken: 'a'.repeat(16) });
    const url = new URL('https://herald.example/receipts/aliyun-sms');
    const raw = { method: 'POST', url, headers: {}, body: Buffer.from('[]') };
    expect(await provider.parseReceipts?.(raw, AbortSignal.timeout(20_000))).toMatchObject({
      kind: 'unauthorized',
    });
    url.searchParams.set('token', 'a'.repeat(16));
    expect(await provider.parseReceipts?.(raw, AbortSignal.timeout(20_000))).toMatchObject({ receipts: [] });
    expect((await start()).provider.parseReceipts).toBeUndefined();
  });
});
