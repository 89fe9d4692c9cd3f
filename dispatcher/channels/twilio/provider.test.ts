import { afterEach, describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { startFakeHttpServer } from '../network/fake-http-server.ts';
import { testDeps } from '../testing/test-deps.ts';
import { twilio } from './provider.ts';

const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const accountSid = `AC${'1'.repeat(32)}`;
const accepted = { status: 201, body: JSON.stringify({ sid: 'SM1', status: 'queued' }) };

async function start(config: object = {}) {
  const server = await startFakeHttpServer('accept', () => accepted);
  cleanups.push(() => server.stop());
  const provider = twilio.create(
    twilio.config.parse({
      accountSid,
      authToken: 'token',
      from: 'Herald',
      baseUrl: server.origin,
      ...config,
    }),
    testDeps(),
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

describe('twilio provider', () => {
  it('sends with the account’s token, or with an API key', async () => {
    const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
    const { server, send } = await start();
    expect(await send()).toEqual({ kind: 'accepted', providerMessageId: 'SM1' });
    expect(server.requests[0]?.headers.authorization).toBe(basic(`${accountSid}:token`));
    const apiKeySid = `SK${'2'.repeat(32)}`;
    const other = await start({ apiKeySid, apiKeySecret: 'key' });
    await other.send();
    expect(other.server.requests[0]?.headers.authorization).toBe(basic(`${apiKeySid}:key`));
    expect(other.server.requests[0]?.path).toBe(`/2010-04-01/Accounts/${accountSid}/Messages.json`);
  });

  it.each(['491701234567', '+49 170 1234567', 'ada@example.com', ''])(
    'calls nobody for the address %j',
    async (address) => {
      const { server, send } = await start();
      expect(await send({ address })).toMatchObject({
        kind: 'invalidRecipient',
        code: 'CHANNEL_ADDRESS_INVALID',
      });
      expect(server.requests).toEqual([]);
    },
  );

  it('calls where the channel is VOICE, by the same account', async () => {
    const { server, send } = await start({ voiceFrom: '+15005550006' });
    expect(await send({ channel: 'VOICE' })).toEqual({ kind: 'accepted', providerMessageId: 'SM1' });
    expect(await send()).toMatchObject({ kind: 'accepted' });
    expect(server.requests.map(({ path }) => path.split('/').at(-1))).toEqual([
      'Calls.json',
      'Messages.json',
    ]);
  });

  it.each([
    [{ contentSid: 'HX1' }, 'data.twilio.contentSid'],
    [{ contentVariables: { '1': 7 } }, 'data.twilio.contentVariables.1'],
    [{ mediaUrls: ['file:///etc/passwd'] }, 'data.twilio.mediaUrls.0'],
    [{ contentsid: 'x' }, 'data.twilio'],
    [{ voice: 'a"><Dial>' }, 'data.twilio.voice'],
    [{ language: 'de"' }, 'data.twilio.language'],
    [{ repeat: 6 }, 'data.twilio.repeat'],
  ])('names what is wrong in data.twilio %j', async (part, field) => {
    const { server, send } = await start();
    expect(await send({ data: { twilio: part } })).toMatchObject({
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_REJECTED',
      message: expect.stringContaining(field),
    });
    expect(server.requests).toEqual([]);
  });

  it.each([
    [{ from: 'Herald' }, ['SMS']],
    [{ whatsappFrom: '+14155238886' }, ['WHATSAPP']],
    [{ messagingServiceSid: `MG${'0'.repeat(32)}` }, ['SMS', 'WHATSAPP']],
    [{ from: 'Herald', whatsappFrom: '+14155238886' }, ['SMS', 'WHATSAPP']],
    [{ voiceFrom: '+14155238886' }, ['VOICE']],
    [{ from: 'Herald', voiceFrom: '+14155238886' }, ['SMS', 'VOICE']],
  ])('with the senders %j serves %j', (senders, channels) => {
    const config = twilio.config.parse({ accountSid, authToken: 't', ...senders });
    expect(twilio.serves(config)).toEqual(channels);
  });

  it.each(['Herald', '12345', '+15005550006', 'My Shop'])('takes the sender %j', (from) => {
    expect(twilio.config.safeParse({ accountSid, authToken: 't', from }).success).toBe(true);
  });
  it.each(['', '+12', 'LongerThanEleven', '123456789', 'Ümlaut'])('refuses the sender %j', (from) => {
    expect(twilio.config.safeParse({ accountSid, authToken: 't', from }).success).toBe(false);
  });
});
