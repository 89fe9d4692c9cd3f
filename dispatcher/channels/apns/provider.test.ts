/** Notifications as `conformance-fixture.ts` has APNs judge them, over real HTTP/2. */
import { constants } from 'node:http2';
import { afterEach, describe, expect, it } from 'vitest';
import type { OutgoingMessage, ProviderDeps } from '../contract.ts';
import { memorySharedValues, testDeps } from '../testing/test-deps.ts';
import { startFakeApns } from './conformance-fixture.ts';
import { apns } from './provider.ts';

const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const DEVICE = '0a1b'.repeat(16);

async function start(
  reply?: Parameters<typeof startFakeApns>[1],
  { config = {}, deps }: { config?: object; deps?: Partial<ProviderDeps> } = {},
) {
  const fake = await startFakeApns('accept', reply);
  cleanups.push(() => fake.stop());
  const provider = apns.create(apns.config.parse({ ...fake.config, ...config }), testDeps(deps));
  cleanups.push(() => provider.close?.());
  const send = (message: Partial<OutgoingMessage> = {}, key = 'key-1') =>
    provider.send(
      {
        workspace: 'default',
        channel: 'MOBILE_PUSH',
        address: `apns:${DEVICE}`,
        notification: 'n1',
        delivery: 'd1',
        priority: 'HIGH',
        locale: 'en',
        title: 'Hello',
        body: 'A message.',
        ...message,
      },
      { idempotencyKey: key, signal: AbortSignal.timeout(20_000) },
    );
  return { fake, provider, send };
}

describe('APNs provider', () => {
  it('sends what Apple documents', async () => {
    const { fake, send } = await start();
    const expiresAt = new Date(Date.now() + 60_000);
    const outcome = await send({ expiresAt, data: { apns: { badge: 3, collapseId: 'orders' }, order: 7 } });
    const [request] = fake.requests;
    expect(request?.headers).toMatchObject({
      ':method': 'POST',
      ':path': `/3/device/${DEVICE}`,
      'content-type': 'application/json',
      'apns-topic': 'example.herald.app',
      'apns-push-type': 'alert',
      'apns-priority': '10',
      'apns-expiration': String(Math.floor(expiresAt.getTime() / 1000)),
      'apns-collapse-id': 'orders',
    });
    expect(outcome).toEqual({ kind: 'accepted', providerMessageId: request?.headers['apns-id'] });
    expect(JSON.parse(request?.body ?? '')).toEqual({
      aps: { alert: { title: 'Hello', body: 'A message.' }, badge: 3, sound: 'default' },
      notification: 'n1',
      delivery: 'd1',
      data: { order: 7 },
    });
  });

  it('signs one token for all workers, and another after 50 minutes', async () => {
    const shared = memorySharedValues();
    let at = Date.now() - 50 * 60_000;
    const deps = { shared, now: () => new Date(at) };
    const { fake, send } = await start(undefined, { deps });
    await send();
    const other = apns.create(apns.config.parse(fake.config), testDeps(deps));
    cleanups.push(() => other.close?.());
    expect(await other.health?.(AbortSignal.timeout(20_000))).toEqual({ ok: true });
    await send({}, 'key-2');
    const tokens = () => fake.requests.map(({ headers }) => headers.authorization);
    // Expired by the clock of the shared values, which is real.
    at += 50 * 60_000;
    await send({}, 'key-3');
    await send({}, 'key-4');
    const [first, , third, fourth] = tokens();
    expect(third).not.toBe(first);
    expect(fourth).toBe(third);
  });

  it('signs another token where APNs finds the first too old, and tries once more', async () => {
    const { fake, send } = await start((_, count) =>
      count === 1 ? { status: 403, reason: 'ExpiredProviderToken' } : { status: 200 },
    );
    expect((await send()).kind).toBe('accepted');
    const [first, second] = fake.requests.map(({ headers }) => headers);
    expect(second?.authorization).not.toBe(first?.authorization);
    expect(second?.['apns-id']).toBe(first?.['apns-id']);
  });

  it('tries no third time', async () => {
    const { fake, send } = await start(() => ({ status: 403, reason: 'ExpiredProviderToken' }));
    expect(await send()).toMatchObject({ kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' });
    expect(fake.requests).toHaveLength(2);
  });

  it.each([
    [{ teamId: 'OTHERTEAM1' }, 'CHANNEL_UNAUTHORIZED'],
    [{ keyId: 'OTHERKEY01' }, 'CHANNEL_UNAUTHORIZED'],
    [{ bundleId: 'other.app' }, 'CHANNEL_MISCONFIGURED'],
  ])('a configuration with %j is refused', async (config, code) => {
    const { provider, send } = await start(undefined, { config });
    expect(await send()).toMatchObject({ kind: 'permanent', code });
    expect(await provider.health?.(AbortSignal.timeout(20_000))).toMatchObject({ ok: false });
  });

  it.each([
    [
      { status: 410, reason: 'Unregistered' },
      { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE' },
    ],
    [
      { status: 400, reason: 'BadDeviceToken' },
      { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_INVALID' },
    ],
    [
      { status: 429, reason: 'TooManyRequests' },
      { kind: 'retryable', code: 'CHANNEL_RATE_LIMITED', about: 'recipient' },
    ],
    [
      { status: 503, reason: 'ServiceUnavailable', headers: { 'retry-after': '7' } },
      { kind: 'rateLimited', retryAfterMs: 7_000 },
    ],
    [
      { status: 503, reason: 'Shutdown' },
      { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE' },
    ],
  ] as const)('%j from APNs', async (reply, expected) => {
    const { fake, send } = await start(() => reply);
    expect(await send()).toMatchObject(expected);
    expect(fake.requests).toHaveLength(1);
  });

  it('connects again after a GOAWAY', async () => {
    const { fake, send } = await start();
    expect((await send()).kind).toBe('accepted');
    for (const session of fake.sessions) session.goaway(constants.NGHTTP2_NO_ERROR);
    // The first of these may still go over the connection that ends.
    await expect.poll(async () => (await send({}, 'key-2')).kind).toBe('accepted');
    await expect.poll(async () => (await send({}, 'key-3')) && fake.sessions.length).toBe(2);
  });

  it('sends many at once over one connection', async () => {
    const { fake, send } = await start();
    const outcomes = await Promise.all(Array.from({ length: 300 }, (_, i) => send({}, `key-${i}`)));
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['accepted']));
    expect(await fake.openConnections()).toBe(1);
  });

  it.each(['', 'apns:', 'apns:xyz', DEVICE, `apns:${DEVICE}/../x`])(
    'does not take %j for an address',
    async (address) => {
      const { fake, send } = await start();
      expect(await send({ address })).toMatchObject({
        kind: 'invalidRecipient',
        code: 'CHANNEL_ADDRESS_INVALID',
      });
      expect(fake.requests).toEqual([]);
    },
  );

  it('refuses what is too large, or wrong for APNs, before a request', async () => {
    const { fake, send } = await start();
    expect(await send({ body: '好'.repeat(1_400) })).toMatchObject({
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_TOO_LARGE',
    });
    expect(await send({ data: { apns: { badge: 'three' } } })).toMatchObject({
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_REJECTED',
      message: expect.stringContaining('data.apns.badge'),
    });
    expect(fake.requests).toEqual([]);
  });
});
