import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { startFakeHttpServer } from '../network/fake-http-server.ts';
import { testDeps } from '../testing/test-deps.ts';
import { vonage } from './provider.ts';

const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const applicationId = 'aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab';
const pem = rsa.export({ type: 'pkcs1', format: 'pem' }).toString();

async function start(now: () => Date, config: object = {}) {
  const server = await startFakeHttpServer('accept', () => ({ status: 202, body: '{"message_uuid":"u-1"}' }));
  cleanups.push(() => server.stop());
  const provider = vonage.create(
    vonage.config.parse({
      applicationId,
      privateKey: pem,
      from: 'Herald',
      baseUrl: server.origin,
      ...config,
    }),
    testDeps({ now }),
  );
  cleanups.push(() => provider.close?.());
  const send = (message: Partial<OutgoingMessage> = {}) =>
    provider.send(
      {
        workspace: 'default',
        channel: 'SMS',
        address: '+491701234567',
        notification: 'n1',
        delivery: 'd1',
        priority: 'HIGH',
        locale: 'de',
        body: 'Grüße 🎉',
        ...message,
      },
      { idempotencyKey: 'k', signal: AbortSignal.timeout(20_000) },
    );
  return { server, send };
}

describe('vonage provider', () => {
  it('uses a token for ten minutes, and then makes another', async () => {
    let at = Date.parse('2030-01-01T00:00:00Z');
    const { server, send } = await start(() => new Date(at));
    expect(await send()).toEqual({ kind: 'accepted', providerMessageId: 'u-1' });
    at += 9 * 60_000;
    await send();
    at += 2 * 60_000;
    await send();
    const tokens = server.requests.map(({ headers }) =>
      String(headers.authorization).slice('Bearer '.length),
    );
    expect(tokens[1]).toBe(tokens[0]);
    const [first, , third] = tokens.map((token) => decodeJwt(token));
    const seconds = Date.parse('2030-01-01T00:00:00Z') / 1000;
    expect(first).toMatchObject({ application_id: applicationId, iat: seconds, exp: seconds + 900 });
    expect(third?.iat).toBe(seconds + 660);
    expect(third?.jti).not.toBe(first?.jti);
  });

  it('calls nobody for what is no phone number, or with a wrong data.vonage', async () => {
    const { server, send } = await start(() => new Date());
    expect(await send({ address: '491701234567' })).toMatchObject({ kind: 'invalidRecipient' });
    expect(await send({ data: { vonage: { encodingType: 'latin1' } } })).toMatchObject({
      kind: 'permanent',
      message: expect.stringContaining('data.vonage.encodingType'),
    });
    expect(server.requests).toEqual([]);
  });

  it('calls where the channel is VOICE, by the same account', async () => {
    const { server, send } = await start(() => new Date(), { voiceFrom: '+447700900001' });
    await send({ channel: 'VOICE', data: { vonage: { repeat: 1 } } });
    await send({ data: { vonage: { repeat: 1 } } });
    expect(server.requests.map(({ path }) => path)).toEqual(['/v1/calls', '/v1/messages']);
    expect(JSON.parse(server.requests[1]?.body.toString() ?? '')).not.toHaveProperty('sms');
  });

  it.each([
    [{ from: 'Herald' }, ['SMS']],
    [{ voiceFrom: '+447700900001' }, ['VOICE']],
    [{ from: 'Herald', voiceFrom: '+447700900001' }, ['SMS', 'VOICE']],
  ])('with the senders %j serves %j', async (senders, channels) => {
    const config = vonage.config.parse({ applicationId, privateKey: pem, ...senders });
    expect(vonage.serves(config)).toEqual(channels);
  });

  it('has no sender for SMS where it has one for calls alone', async () => {
    const { server, send } = await start(() => new Date(), {
      from: undefined,
      voiceFrom: '+447700900001',
    });
    expect(await send()).toMatchObject({ kind: 'permanent', code: 'CHANNEL_MISCONFIGURED' });
    expect(server.requests).toEqual([]);
  });

  it.each([
    [{ privateKey: ec.export({ type: 'pkcs8', format: 'pem' }).toString() }, 'privateKey'],
    [{ privateKey: 'hunter2' }, 'privateKey'],
    [{ applicationId: 'x' }, 'applicationId'],
    [{ from: 'A name too long' }, 'from'],
    [{ from: undefined }, 'from'],
    [{ voiceFrom: 'Herald' }, 'voiceFrom'],
  ])('refuses %j', (wrong, field) => {
    const parsed = vonage.config.safeParse({ applicationId, privateKey: pem, from: 'Herald', ...wrong });
    expect(parsed.error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
    expect(JSON.stringify(parsed.error?.issues)).not.toContain('hunter2');
  });
});
