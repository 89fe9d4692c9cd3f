import { createECDH, randomBytes } from 'node:crypto';
import { importJWK, type JWK, jwtVerify } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import webPushLibrary from 'web-push';
import type { OutgoingMessage } from '../contract.ts';
import { startFakeHttpServer } from '../network/fake-http-server.ts';
import { testDeps } from '../testing/test-deps.ts';
import { decryptPush } from './decrypt-push.ts';
import { webPush } from './provider.ts';
import { createVapid, isVapidPair } from './vapid.ts';

const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const vapid = webPushLibrary.generateVAPIDKeys();
const SUBJECT = 'mailto:ops@example.com';

async function start(status = 201, allowedNetworks = ['127.0.0.1/32']) {
  const server = await startFakeHttpServer('accept', () => ({ status, headers: { 'retry-after': '3' } }));
  cleanups.push(() => server.stop());
  const config = webPush.config.parse({ ...vapid, subject: SUBJECT, allowedNetworks });
  const provider = webPush.create(config, testDeps());
  cleanups.push(() => provider.close?.());
  const keys = createECDH('prime256v1');
  const p256dh = keys.generateKeys('base64url');
  const auth = randomBytes(16);
  const send = (message: Partial<OutgoingMessage> = {}, idempotencyKey = 'key-1') =>
    provider.send(
      {
        workspace: 'default',
        channel: 'WEB_PUSH',
        address: `${server.origin}/push/abc?x=1`,
        pushKeys: { p256dh, auth: auth.toString('base64url') },
        notification: 'n1',
        delivery: 'd1',
        priority: 'MEDIUM',
        locale: 'en',
        title: 'Hello',
        body: 'A message.',
        ...message,
      },
      { idempotencyKey, signal: AbortSignal.timeout(20_000) },
    );
  return { server, send, receiver: { keys, auth } };
}

/** Verifies `vapid t=<token>, k=<key>` (RFC 8292, 3) as a push service does. */
async function verifyVapid(header: string, audience: string) {
  const [, token = '', key = ''] = header.match(/^vapid t=([^,]+), k=([\w-]+)$/) ?? [];
  const point = Buffer.from(key, 'base64url');
  const jwk: JWK = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  };
  const { payload } = await jwtVerify(token, await importJWK(jwk, 'ES256'), {
    audience,
    algorithms: ['ES256'],
  });
  return { key, payload };
}

describe('web push provider', () => {
  it('sends what the browser decrypts, under a VAPID token that the push service verifies', async () => {
    const { server, send, receiver } = await start();
    expect(
      await send({ title: 'Grüße 🎉', body: '你好', url: 'https://a.example/', data: { order: 7 } }),
    ).toEqual({ kind: 'accepted' });
    const [request] = server.requests;
    expect(request?.path).toBe('/push/abc?x=1');
    expect(JSON.parse(decryptPush(request?.body ?? Buffer.alloc(0), receiver))).toEqual({
      title: 'Grüße 🎉',
      body: '你好',
      url: 'https://a.example/',
      data: { order: 7 },
      notification: 'n1',
      delivery: 'd1',
      report: { account: 'account', token: expect.stringMatching(/^[\w-]{22}$/) },
    });
    const { authorization = '', ...headers } = request?.headers ?? {};
    const { key, payload } = await verifyVapid(authorization, server.origin);
    expect(key).toBe(vapid.publicKey);
    expect(payload.sub).toBe(SUBJECT);
    const hours = ((payload.exp ?? 0) - Date.now() / 1000) / 3600;
    expect(hours).toBeGreaterThan(11);
    expect(hours).toBeLessThanOrEqual(24);
    expect(headers).toMatchObject({
      'content-encoding': 'aes128gcm',
      'content-type': 'application/octet-stream',
      ttl: String(28 * 24 * 3600),
      urgency: 'normal',
      topic: expect.stringMatching(/^[\w-]{32}$/),
    });
  });

  it('never sends a body over 4,096 bytes', async () => {
    const { server, send } = await start();
    await send({ body: '好'.repeat(10_000) });
    const { length } = server.requests[0]?.body ?? [];
    expect(length).toBeLessThanOrEqual(4096);
    expect(length).toBeGreaterThan(4096 - 8);
  });

  it('tells the push service how urgent it is, how long to keep it and what it replaces', async () => {
    const { server, send, receiver } = await start();
    const expiresAt = new Date(Date.now() + 600_000);
    await send({ priority: 'HIGH', expiresAt });
    await send({ priority: 'HIGH', data: { order: 7, 'web-push': { topic: 'game-7', urgency: 'low' } } });
    const [first, second] = server.requests;
    expect(first?.headers).toMatchObject({ urgency: 'high', topic: expect.stringMatching(/^[\w-]{32}$/) });
    expect(Number(first?.headers.ttl)).toBeGreaterThan(590);
    expect(Number(first?.headers.ttl)).toBeLessThanOrEqual(600);
    expect(second?.headers).toMatchObject({ urgency: 'low', topic: 'game-7' });
    // What is for the push service does not go to the browser.
    expect(JSON.parse(decryptPush(second?.body ?? Buffer.alloc(0), receiver)).data).toEqual({ order: 7 });
  });

  it('refuses options that a push service does not know, before a request', async () => {
    const { server, send } = await start();
    expect(await send({ data: { 'web-push': { urgency: 'loud' } } })).toMatchObject({
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_REJECTED',
      message: expect.stringContaining('data.web-push.urgency'),
    });
    expect(server.requests).toEqual([]);
  });

  it('refuses subscriptions that are none', async () => {
    const { server, send } = await start();
    const good = createECDH('prime256v1').generateKeys('base64url');
    const auth = randomBytes(16).toString('base64url');
    for (const pushKeys of [
      undefined,
      { p256dh: '', auth: '' },
      { p256dh: good, auth: 'short' },
      { p256dh: 'short', auth },
      { p256dh: Buffer.alloc(65, 4).toString('base64url'), auth },
    ])
      expect(await send({ pushKeys })).toMatchObject({
        kind: 'invalidRecipient',
        code: 'CHANNEL_ADDRESS_INVALID',
      });
    expect(await send({ address: 'nowhere' })).toMatchObject({
      kind: 'invalidRecipient',
      code: 'CHANNEL_ADDRESS_INVALID',
    });
    expect(server.requests).toEqual([]);
  });

  it('does not call private addresses that are not allowed, whatever a browser claims', async () => {
    const { server, send } = await start(201, []);
    expect(await send()).toMatchObject({ kind: 'permanent', code: 'CHANNEL_ADDRESS_NOT_ALLOWED' });
    expect(server.requests).toEqual([]);
  });

  it.each([
    [410, { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE' }],
    [429, { kind: 'rateLimited', retryAfterMs: 3_000 }],
    [413, { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' }],
  ])('%d from the push service', async (status, expected) => {
    const { send } = await start(status);
    expect(await send()).toMatchObject(expected);
  });
});

describe('VAPID', () => {
  it('signs once for a push service, and anew after six hours', () => {
    let at = Date.now();
    const authorizationFor = createVapid({ ...vapid, subject: SUBJECT }, () => new Date(at));
    const first = authorizationFor('https://a.example');
    expect(authorizationFor('https://a.example')).toBe(first);
    expect(authorizationFor('https://b.example')).not.toBe(first);
    at += 6 * 3_600_000;
    expect(authorizationFor('https://a.example')).not.toBe(first);
  });

  it('tells whether two keys belong together', () => {
    const other = webPushLibrary.generateVAPIDKeys();
    expect(isVapidPair(vapid.publicKey, vapid.privateKey)).toBe(true);
    expect(isVapidPair(vapid.publicKey, other.privateKey)).toBe(false);
    expect(isVapidPair(vapid.publicKey, Buffer.alloc(32).toString('base64url'))).toBe(false);
  });
});
