import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { type FakeAnswer, startFakeHttpServer } from '../network/fake-http-server.ts';
import { testDeps } from '../testing/test-deps.ts';
import { webhook } from './provider.ts';

const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const secret = `whsec_${randomBytes(24).toString('base64')}`;

async function start(
  answer: FakeAnswer = { status: 200 },
  allowedNetworks: readonly string[] = ['127.0.0.1/32'],
  more: object = {},
  now = () => new Date(),
) {
  const server = await startFakeHttpServer('accept', () => answer);
  cleanups.push(() => server.stop());
  const provider = await webhook.create(
    webhook.config.parse({
      signingSecret: secret,
      allowedNetworks,
      ...more,
      ...('headers' in more || 'bodyTemplate' in more ? { origins: [server.origin] } : {}),
    }),
    testDeps({ now }),
  );
  cleanups.push(() => provider.close?.());
  const send = (message: Partial<OutgoingMessage> = {}, idempotencyKey = 'n-1-WEBHOOK') =>
    provider.send(
      {
        workspace: 'default',
        channel: 'WEBHOOK',
        address: `${server.origin}/hooks/herald?token=t`,
        notification: 'n1',
        delivery: 'd1',
        priority: 'HIGH',
        locale: 'de',
        body: 'Grüße 🎉',
        ...message,
      },
      { idempotencyKey, signal: AbortSignal.timeout(20_000) },
    );
  return { server, send };
}

describe('webhook provider', () => {
  it('posts the documented body, signed as Standard Webhooks asks', async () => {
    const { server, send } = await start();
    const outcome = await send({
      event: 'order.paid',
      category: 'orders',
      title: 'Titel',
      html: '<p>Grüße 🎉</p>',
      url: 'https://a.example/',
      imageUrl: 'https://a.example/i.png',
      data: { order: 7 },
      expiresAt: new Date('2030-01-01T00:00:00Z'),
      pushKeys: { p256dh: 'not for', auth: 'receivers' },
    });
    expect(outcome).toEqual({ kind: 'accepted' });
    const [request] = server.requests;
    expect(request?.path).toBe('/hooks/herald?token=t');
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': 'n-1-WEBHOOK',
    });
    const body = new Webhook(secret).verify(request?.body ?? '', request?.headers as Record<string, string>);
    expect(body).toEqual({
      type: 'notification',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      data: {
        workspace: 'default',
        notification: 'n1',
        delivery: 'd1',
        event: 'order.paid',
        category: 'orders',
        priority: 'HIGH',
        locale: 'de',
        expiresAt: '2030-01-01T00:00:00.000Z',
        title: 'Titel',
        body: 'Grüße 🎉',
        html: '<p>Grüße 🎉</p>',
        url: 'https://a.example/',
        imageUrl: 'https://a.example/i.png',
        data: { order: 7 },
      },
    });
  });

  it('signs nothing that a receiver with another secret, or of a changed body, would take', async () => {
    const { server, send } = await start();
    await send();
    const { body = Buffer.alloc(0), headers = {} } = server.requests[0] ?? {};
    const other = new Webhook(`whsec_${randomBytes(24).toString('base64')}`);
    expect(() => other.verify(body, headers as Record<string, string>)).toThrow();
    const changed = body.toString().replace('Grüße', 'Gruesse');
    expect(() => new Webhook(secret).verify(changed, headers as Record<string, string>)).toThrow();
  });

  it.each(['a.b', 'with space', 'ключ', 'line\r\nbreak', 'x'.repeat(300)])(
    'makes a webhook-id of the key %j',
    async (key) => {
      const { server, send } = await start();
      await send({}, key);
      await send({}, key);
      const [first, second] = server.requests.map(({ headers }) => headers['webhook-id']);
      expect(first).toMatch(/^[\w-]{43}$/);
      expect(second).toBe(first);
    },
  );

  it.each([
    ['seconds', '120', 120_000],
    ['a date', 'Fri, 01 Mar 2030 13:00:00 GMT', 3_600_000],
  ])('waits as long as Retry-After says, in %s', async (_form, retryAfter, retryAfterMs) => {
    const now = () => new Date('2030-03-01T12:00:00Z');
    const { send } = await start({ status: 429, headers: { 'retry-after': retryAfter } }, undefined, {}, now);
    expect(await send()).toMatchObject({ kind: 'rateLimited', retryAfterMs });
  });

  it('does not call private addresses that are not allowed', async () => {
    const { server, send } = await start({ status: 200 }, ['10.0.0.0/8']);
    expect(await send()).toMatchObject({
      kind: 'permanent',
      code: 'CHANNEL_ADDRESS_NOT_ALLOWED',
      message: expect.stringContaining('WEBHOOK_ALLOWED_NETWORKS'),
    });
    expect(server.requests).toEqual([]);
  });

  it('tells nothing of what the receiver answered: it could be a server that is not the user’s', async () => {
    const { send } = await start({ status: 400, body: 'internal-secret' });
    expect(JSON.stringify(await send())).not.toContain('internal-secret');
  });
});

describe("requests to other systems' APIs", () => {
  const templated = (more: object) => start({ status: 200 }, ['127.0.0.1/32'], more);

  it('have the method, the headers and the body of the account', async () => {
    const { server, send } = await templated({
      method: 'PUT',
      headers: { Authorization: 'Bearer s3cr3t', 'User-Agent': 'Shop' },
      bodyTemplate: '{"text": "{{body}}", "order": {{json data.order}}, "key": "{{id}}"}',
    });
    expect(await send({ body: '"Grüße" 🎉', data: { order: 7 } })).toEqual({ kind: 'accepted' });
    const [request] = server.requests;
    expect(request).toMatchObject({
      method: 'PUT',
      headers: {
        authorization: 'Bearer s3cr3t',
        'user-agent': 'Shop',
        'content-type': 'application/json',
        'webhook-id': 'n-1-WEBHOOK',
      },
    });
    expect(JSON.parse(request?.body.toString() ?? '')).toEqual({
      text: '"Grüße" 🎉',
      order: 7,
      key: 'n-1-WEBHOOK',
    });
    // What was sent is what was signed.
    new Webhook(secret).verify(request?.body ?? '', request?.headers as Record<string, string>);
  });

  it('have the method and the headers of the message, which the receiver is not told of', async () => {
    const { server, send } = await templated({ headers: { 'x-a': 'account', 'x-b': 'account' } });
    await send({ data: { webhook: { method: 'PATCH', headers: { 'X-A': 'message' } }, order: 7 } });
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'PATCH', headers: { 'x-a': 'message', 'x-b': 'account' } });
    expect(JSON.parse(request?.body.toString() ?? '')).toMatchObject({ data: { data: { order: 7 } } });
    expect(request?.body.toString()).not.toContain('PATCH');
  });

  it.each(['GET', 'HEAD'])('have no body with %s', async (method) => {
    const { server, send } = await start();
    expect(await send({ data: { webhook: { method } } })).toEqual({ kind: 'accepted' });
    const [request] = server.requests;
    expect(request).toMatchObject({ method, path: '/hooks/herald?token=t' });
    expect(request?.body).toHaveLength(0);
    expect(request?.headers).not.toHaveProperty('content-type');
    expect(
      new Webhook(secret).sign(
        'n-1-WEBHOOK',
        new Date(Number(request?.headers['webhook-timestamp']) * 1_000),
        '',
      ),
    ).toBe(request?.headers['webhook-signature']);
  });

  it('carry no header that a message smuggles in', async () => {
    const { server, send } = await start();
    for (const headers of [{ 'x\r\nevil': '1' }, { x: '1\r\nevil: 1' }, { Host: 'evil.example' }])
      expect(await send({ data: { webhook: { headers } } })).toMatchObject({
        kind: 'permanent',
        code: 'CHANNEL_MESSAGE_REJECTED',
        message: expect.stringContaining('data.webhook.headers'),
        about: 'recipient',
      });
    expect(server.requests).toEqual([]);
  });

  it('go only where the account may send its secrets', async () => {
    const { server, send } = await templated({ headers: { authorization: 'Bearer s3cr3t' } });
    const other = await startFakeHttpServer('accept', () => ({ status: 200 }));
    cleanups.push(() => other.stop());
    expect(await send({ address: `${other.origin}/hook` })).toMatchObject({
      kind: 'permanent',
      code: 'CHANNEL_ADDRESS_NOT_ALLOWED',
      about: 'recipient',
    });
    expect([...server.requests, ...other.requests]).toEqual([]);
  });

  it('are not made of a message that the template cannot take', async () => {
    const { server, send } = await templated({ bodyTemplate: '{"order": {{data.order}} }' });
    expect(await send()).toMatchObject({
      kind: 'permanent',
      code: 'CHANNEL_RENDER_FAILED',
      message: expect.stringContaining('no JSON'),
    });
    expect(server.requests).toEqual([]);
  });

  it.each([
    [{ headers: { authorization: 'x' } }, 'origins'],
    [{ bodyTemplate: 'x' }, 'origins'],
    [{ origins: ['https://api.example.com/path'] }, 'https://api.example.com'],
    [{ method: 'TRACE' }, 'method'],
    [{ headers: { host: 'x' }, origins: ['https://api.example.com'] }, 'Herald sets it itself'],
  ])('are not configured by %j', (more, reason) => {
    const { error } = webhook.config.safeParse({ signingSecret: secret, ...more });
    expect(error?.message).toContain(reason);
  });

  it('are not configured by a template that is none', async () => {
    const config = webhook.config.parse({
      signingSecret: secret,
      bodyTemplate: '{{#if x}}',
      origins: ['https://api.example.com'],
    });
    await expect(webhook.create(config, testDeps())).rejects.toThrow('bodyTemplate');
  });
});
