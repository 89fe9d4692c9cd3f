/** firebase-admin's own requests, met by Google's two services as `conformance-fixture.ts` has them. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { OutgoingMessage, ProviderDeps } from '../contract.ts';
import type { FakeAnswer } from '../network/fake-http-server.ts';
import { memorySharedValues, testDeps } from '../testing/test-deps.ts';
import { json, refusal, startFakeFcm } from './conformance-fixture.ts';
import { fcm } from './provider.ts';

const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Answer = NonNullable<Parameters<typeof startFakeFcm>[1]>;
type Grant = NonNullable<Parameters<typeof startFakeFcm>[2]>;

async function start(
  answer?: Answer,
  grant?: Grant,
  { baseUrl, deps }: { baseUrl?: string; deps?: Partial<ProviderDeps> } = {},
) {
  const fake = await startFakeFcm('accept', answer, grant);
  cleanups.push(() => fake.stop());
  const config = fcm.config.parse({ ...fake.config, ...(baseUrl !== undefined && { baseUrl }) });
  const provider = await fcm.create(config, testDeps(deps));
  cleanups.push(() => provider.close?.());
  const send = (
    message: Partial<OutgoingMessage> = {},
    signal = AbortSignal.timeout(20_000),
    key = 'key-1',
  ) =>
    provider.send(
      {
        workspace: 'default',
        channel: 'MOBILE_PUSH',
        address: 'cXyZ0123456789abcdef:APA91bHerald_test-token',
        notification: 'n1',
        delivery: 'd1',
        priority: 'HIGH',
        locale: 'en',
        title: 'Hello',
        body: 'A message.',
        ...message,
      },
      { idempotencyKey: key, signal },
    );
  return { fake, provider, send };
}

async function listen(server: Server): Promise<string> {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('FCM provider', () => {
  it('sends what FCM documents', async () => {
    const at = new Date();
    const { fake, send } = await start(undefined, undefined, { deps: { now: () => at } });
    expect(
      await send({
        expiresAt: new Date(at.getTime() + 60_000),
        url: 'https://a.example/o/7',
        data: { fcm: { android: { channelId: 'orders' }, collapseKey: 'orders' } },
      }),
    ).toEqual({ kind: 'accepted', providerMessageId: 'projects/herald-test/messages/1' });
    const { message } = JSON.parse(fake.requests[0]?.body.toString() ?? '');
    expect(message).toMatchObject({
      token: 'cXyZ0123456789abcdef:APA91bHerald_test-token',
      notification: { title: 'Hello', body: 'A message.' },
      data: { notification: 'n1', delivery: 'd1', url: 'https://a.example/o/7' },
      android: {
        priority: 'high',
        collapse_key: 'orders',
        ttl: '60s',
        notification: {
          tag: expect.stringMatching(/^[\w-]{32}$/),
          channel_id: 'orders',
          notification_priority: 'PRIORITY_HIGH',
        },
      },
      apns: { headers: { 'apns-priority': '10', 'apns-collapse-id': 'orders' } },
      webpush: {
        headers: { Urgency: 'high', Topic: 'orders' },
        fcmOptions: { link: 'https://a.example/o/7' },
      },
    });
  });

  it('sends to topics', async () => {
    const { fake, send } = await start();
    expect((await send({ address: 'topic:news' })).kind).toBe('accepted');
    expect(fake.messages()).toMatchObject([{ topic: 'news' }]);
  });

  it('asks for one access token for all messages, and uses connections again', async () => {
    const { fake, send } = await start();
    for (let i = 0; i < 5; i++) expect((await send({}, undefined, `k${i}`)).kind).toBe('accepted');
    expect(fake.tokenRequests).toHaveLength(1);
    // One to each service; that to the first is closed when it was not used for some seconds.
    expect([1, 2]).toContain(await fake.openConnections());
  });

  it('takes an access token that another worker got', async () => {
    const shared = memorySharedValues();
    const { fake, send } = await start(undefined, undefined, { deps: { shared } });
    await send();
    const config = fcm.config.parse(fake.config);
    const other = await fcm.create(config, testDeps({ shared }));
    cleanups.push(() => other.close?.());
    expect(await other.health?.(AbortSignal.timeout(20_000))).toEqual({ ok: true });
    expect(fake.tokenRequests).toHaveLength(1);
    expect(JSON.parse(fake.requests[1]?.body.toString() ?? '')).toMatchObject({ validate_only: true });
  });

  it('tries once more with another access token where the first is refused', async () => {
    const refused = refusal(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');
    const { fake, send } = await start((_, count) => (count === 1 ? refused : json(200, { name: 'm2' })));
    expect(await send()).toEqual({ kind: 'accepted', providerMessageId: 'm2' });
    const [first, second] = fake.requests.map(({ headers }) => headers.authorization);
    expect(second).not.toBe(first);
    expect(fake.tokenRequests).toHaveLength(2);
  });

  it('tries no third time', async () => {
    const { fake, send } = await start(() => refusal(401, 'UNAUTHENTICATED', 'no'));
    expect(await send()).toMatchObject({ kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' });
    expect(fake.requests).toHaveLength(2);
  });

  const answers: readonly (readonly [string, FakeAnswer, object])[] = [
    [
      'an app that was removed',
      refusal(404, 'NOT_FOUND', 'Requested entity was not found.', 'UNREGISTERED'),
      { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE' },
    ],
    [
      'a token that is none',
      refusal(
        400,
        'INVALID_ARGUMENT',
        'The registration token is not a valid FCM registration token',
        'INVALID_ARGUMENT',
      ),
      { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_INVALID' },
    ],
    [
      'a token of another project',
      refusal(403, 'PERMISSION_DENIED', 'SenderId mismatch', 'SENDER_ID_MISMATCH'),
      { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED', about: 'recipient' },
    ],
    [
      'a quota, with a time to wait',
      refusal(429, 'RESOURCE_EXHAUSTED', 'Quota', 'QUOTA_EXCEEDED', { 'retry-after': '30' }),
      { kind: 'rateLimited', retryAfterMs: 30_000 },
    ],
    [
      'a quota, without',
      refusal(429, 'RESOURCE_EXHAUSTED', 'Quota', 'QUOTA_EXCEEDED'),
      { kind: 'rateLimited', retryAfterMs: 60_000 },
    ],
    [
      'an outage, with a time to wait',
      refusal(503, 'UNAVAILABLE', 'down', 'UNAVAILABLE', { 'retry-after': '30' }),
      { kind: 'rateLimited', retryAfterMs: 30_000 },
    ],
    [
      'an outage, without',
      refusal(503, 'UNAVAILABLE', 'down', 'UNAVAILABLE'),
      { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false },
    ],
    [
      'an error of FCM',
      refusal(500, 'INTERNAL', 'oops', 'INTERNAL'),
      { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false },
    ],
    [
      'an APNs key that is wrong',
      refusal(401, 'UNAUTHENTICATED', 'Auth error from APNS', 'THIRD_PARTY_AUTH_ERROR'),
      { kind: 'permanent', code: 'CHANNEL_MISCONFIGURED', about: 'recipient' },
    ],
    [
      'a page of a proxy',
      { status: 403, body: '<html>denied</html>' },
      { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' },
    ],
    [
      'a page with success',
      { status: 200, body: '<html>hello</html>' },
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER', mayHaveSent: true },
    ],
    [
      'JSON without a name',
      json(200, {}),
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER', mayHaveSent: true },
    ],
  ];
  it.each(answers)('%s: one request, and at once', async (_name, answer, expected) => {
    const { fake, send } = await start(() => answer);
    const from = performance.now();
    expect(await send()).toMatchObject(expected);
    expect(performance.now() - from).toBeLessThan(10_000);
    expect(fake.requests).toHaveLength(1);
  });

  it.each([
    [
      'a key that Google does not take',
      json(400, { error: 'invalid_grant', error_description: 'secret things' }),
      { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' },
    ],
    [
      'an outage of the token service',
      json(500, {}),
      { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false },
    ],
    [
      'a gateway that gives up on it',
      json(504, {}),
      { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false },
    ],
    ['a token service that asks to wait', json(429, {}, { 'retry-after': '9' }), { retryAfterMs: 9_000 }],
    [
      'a token that is none',
      json(200, { id_token: 'x' }),
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER', mayHaveSent: false },
    ],
  ] as const)('%s', async (_name, answer, expected) => {
    const { fake, send } = await start(undefined, () => answer);
    const outcome = await send();
    expect(outcome).toMatchObject(expected);
    expect(JSON.stringify(outcome)).not.toContain('secret things');
    expect(fake.requests).toHaveLength(0);
  });

  it('asks once, and not again where a connection breaks', async () => {
    let requests = 0;
    const server = createServer((request) => {
      requests++;
      request.resume().once('end', () => request.socket.destroy());
    });
    const { send } = await start(undefined, undefined, { baseUrl: await listen(server) });
    expect(await send()).toMatchObject({
      kind: 'retryable',
      code: 'CHANNEL_CONNECTION_FAILED',
      mayHaveSent: true,
    });
    expect(requests).toBe(1);
  });

  it('does not wait for an answer that broke off', async () => {
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"name":', () => request.socket.destroy());
    });
    const { send } = await start(undefined, undefined, { baseUrl: await listen(server) });
    const from = performance.now();
    expect(await send()).toMatchObject({
      kind: 'retryable',
      code: 'CHANNEL_UNEXPECTED_ANSWER',
      mayHaveSent: true,
    });
    expect(performance.now() - from).toBeLessThan(10_000);
  });

  it('calls an API that is behind a path, and ends only the attempt that is over', async () => {
    const paths: string[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url ?? '');
      request.resume().once('end', () => {
        if (paths.length > 1) response.end('{"name":"m"}');
      });
    });
    const { send } = await start(undefined, undefined, { baseUrl: `${await listen(server)}/proxy/fcm/` });
    const stop = new AbortController();
    const first = send({}, stop.signal);
    await expect.poll(() => paths.length).toBe(1);
    const second = send({}, undefined, 'key-2');
    stop.abort();
    expect(await first).toMatchObject({ kind: 'retryable', code: 'CHANNEL_TIMEOUT', mayHaveSent: true });
    expect(await second).toEqual({ kind: 'accepted', providerMessageId: 'm' });
    expect(paths[0]).toBe('/proxy/fcm/v1/projects/herald-test/messages:send');
  });

  it('stops attempts at once that wait for a connection', async () => {
    let requests = 0;
    const server = createServer(() => requests++);
    const { send } = await start(undefined, undefined, { baseUrl: await listen(server) });
    const stop = new AbortController();
    const busy = Array.from({ length: 64 }, (_, i) => send({}, stop.signal, `k${i}`));
    await expect.poll(() => requests).toBe(64);
    const last = send({}, AbortSignal.timeout(500));
    expect(await last).toMatchObject({ kind: 'retryable', code: 'CHANNEL_TIMEOUT', mayHaveSent: false });
    stop.abort();
    for (const outcome of await Promise.all(busy)) expect(outcome).toMatchObject({ mayHaveSent: true });
    expect(requests).toBe(64);
  });

  it.each(['', 'short', 'topic:a b', `apns:${'a'.repeat(64)}`])(
    'does not take %j for an address',
    async (address) => {
      const { fake, send } = await start();
      expect(await send({ address })).toMatchObject({
        kind: 'invalidRecipient',
        code: 'CHANNEL_ADDRESS_INVALID',
      });
      expect(fake.tokenRequests).toEqual([]);
    },
  );

  it('refuses what is too large, or wrong for FCM, before a request', async () => {
    const { fake, send } = await start();
    expect(await send({ body: 'x'.repeat(4_200) })).toMatchObject({
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_TOO_LARGE',
      message: expect.stringContaining('4,096'),
    });
    expect(await send({ data: { fcm: { collapseKey: 7 } } })).toMatchObject({
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_REJECTED',
      message: expect.stringContaining('data.fcm.collapseKey'),
    });
    // The SDK's own judgement.
    expect(await send({ imageUrl: 'no url' })).toMatchObject({
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_REJECTED',
    });
    expect(fake.requests).toEqual([]);
  });
});
