import { afterEach, describe, expect, it, vi } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { type FakeAnswer, startFakeHttpServer } from '../network/fake-http-server.ts';
import { testDeps } from '../testing/test-deps.ts';
import { awsSns } from './provider.ts';

const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 's'.repeat(40) };
const endpoint =
  'arn:aws:sns:eu-central-1:123456789012:endpoint/GCM/shop/5e3e9847-3183-3f18-a7e8-671c3a57d4b3';
const refusal = (status: number, code: string, message = 'no'): FakeAnswer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
});

async function start(answer: FakeAnswer, keys: object = credentials) {
  const server = await startFakeHttpServer('accept', () => answer);
  cleanups.push(() => server.stop());
  const provider = await awsSns.create(
    awsSns.config.parse({ region: 'eu-central-1', ...keys, baseUrl: server.origin }),
    testDeps(),
  );
  cleanups.push(() => provider.close?.());
  const send = (message: Partial<OutgoingMessage> = {}) =>
    provider.send(
      {
        workspace: 'default',
        channel: 'MOBILE_PUSH',
        address: endpoint,
        notification: 'n1',
        delivery: 'd1',
        priority: 'HIGH',
        locale: 'de',
        body: 'Grüße 🎉',
        ...message,
      },
      { idempotencyKey: 'k', signal: AbortSignal.timeout(20_000) },
    );
  return { server, provider, send };
}

describe('aws-sns provider', () => {
  // By the SDK's own reading of the answer.
  it.each([
    [refusal(400, 'EndpointDisabled', 'Endpoint is disabled'), 'invalidRecipient', 'CHANNEL_ADDRESS_GONE'],
    [refusal(404, 'NotFound', 'Endpoint does not exist'), 'invalidRecipient', 'CHANNEL_ADDRESS_GONE'],
    [refusal(400, 'PlatformApplicationDisabled'), 'permanent', 'CHANNEL_MISCONFIGURED'],
    [refusal(403, 'InvalidClientTokenId'), 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [refusal(403, 'AuthorizationError'), 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [refusal(429, 'Throttled'), 'rateLimited', undefined],
    [refusal(400, 'Throttling'), 'rateLimited', undefined],
    [refusal(500, 'InternalError'), 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [{ status: 503, body: '<html><p>busy' }, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [{ status: 200, body: '<html><p>welcome' }, 'retryable', 'CHANNEL_UNEXPECTED_ANSWER'],
    [
      { status: 200, body: '<PublishResponse><PublishResult/></PublishResponse>' },
      'retryable',
      'CHANNEL_UNEXPECTED_ANSWER',
    ],
  ])('of %j makes %s %s, and asks once', async (answer, kind, code) => {
    const { server, send } = await start(answer);
    const outcome = await send();
    expect(outcome).toMatchObject({ kind, ...(code !== undefined && { code }) });
    expect(server.requests).toHaveLength(1);
  });

  it('calls nobody with a wrong data.aws-sns', async () => {
    const { server, send } = await start(refusal(500, 'InternalError'));
    expect(await send({ data: { 'aws-sns': { badge: -1 } } })).toMatchObject({
      kind: 'permanent',
      message: expect.stringContaining('data.aws-sns.badge'),
    });
    expect(server.requests).toEqual([]);
  });

  it('takes the credentials of the machine where the account has none', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAMACHINE000000000');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 's'.repeat(40));
    const { server, send } = await start(refusal(400, 'EndpointDisabled'), {});
    expect((await send()).kind).toBe('invalidRecipient');
    expect(server.requests[0]?.headers.authorization).toContain('Credential=AKIAMACHINE000000000/');
  });

  it('says so where the machine has none either', async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    const { server, send } = await start(refusal(400, 'EndpointDisabled'), {});
    expect(await send()).toMatchObject({ kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' });
    expect(server.requests).toEqual([]);
  });

  it('is well with credentials that may only publish', async () => {
    const { provider } = await start(refusal(403, 'AuthorizationError'));
    expect(await provider.health?.(AbortSignal.timeout(20_000))).toEqual({ ok: true });
  });

  it.each([
    ['+491701234567', true],
    ['+49 170', true],
    [endpoint, true],
    ['fcm:token', false],
    [`apns:${'0'.repeat(64)}`, false],
    ['topic:news', false],
  ])('takes %s: %s', (address, takes) => expect(awsSns.takes(address)).toBe(takes));
});
