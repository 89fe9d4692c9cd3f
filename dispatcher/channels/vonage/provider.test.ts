import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { testDeps } from '../conformance.ts';
import type { OutgoingMessage } from '../contract.ts';
import { startFakeHttpServer } from '../network/fake-http-server.ts';
import { vonage } from './provider.ts';

const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const applicationId = 'aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab';
const pem = rsa.export({ type: 'pkcs1', format: 'pem' }).toString();

async function start(now: () => Date) {
  const server = await startFakeHttpServer('accept', () => ({ status: 202, body: '{"message_uuid":"u-1"}' }));
  cleanups.push(() => server.stop());
  const provider = vonage.create(
    vonage.config.parse({ applicationId, privateKey: pem, from: 'Herald', baseUrl: server.origin }),
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
      { idempotencyKey: 'k', signal: AbortSignal.timeout(5_000) },
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

  it.each([
    [{ privateKey: ec.export({ type: 'pkcs8', format: 'pem' }).toString() }, 'privateKey'],
    [{ privateKey: 'hunter2' }, 'privateKey'],
    [{ applicationId: 'x' }, 'applicationId'],
    [{ from: 'A name too long' }, 'from'],
  ])('refuses %j', (wrong, field) => {
    const parsed = vonage.config.safeParse({ applicationId, privateKey: pem, from: 'Herald', ...wrong });
    expect(parsed.error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
    expect(JSON.stringify(parsed.error?.issues)).not.toContain('hunter2');
  });
});
