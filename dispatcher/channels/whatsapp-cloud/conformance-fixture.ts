import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type FakeAnswer, type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';
import { accountSettings, type ConformanceFixture, type ReceivedMessage } from '../testing/fake-provider.ts';

const PHONE_NUMBER_ID = '106540352242922';

const call = z.strictObject({
  messaging_product: z.literal('whatsapp'),
  recipient_type: z.literal('individual'),
  to: z.literal('+491701234567'),
  biz_opaque_callback_data: z.string().min(1).max(512),
  type: z.literal('text'),
  text: z.strictObject({ body: z.string().min(1).max(4_096), preview_url: z.boolean() }),
});

/** Reads WhatsApp's formatting: a first line in asterisks is the title. */
function read({ body }: FakeRequest): ReceivedMessage {
  const { text } = call.parse(JSON.parse(body.toString()));
  const [, title, rest] = /^\*([^*\n]+)\*\n\n(.*)$/s.exec(text.body) ?? [];
  return { ...(title !== undefined && { title }), body: rest ?? text.body };
}

const json = (status: number, body: object): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json; charset=UTF-8' },
  body: JSON.stringify(body),
});
const error = (status: number, code: number, message: string) =>
  json(status, { error: { message, type: 'OAuthException', code, fbtrace_id: 'A1b2' } });

export const fixture: ConformanceFixture = {
  wrongSettings: [
    {
      settings: accountSettings('whatsapp-cloud', { phoneNumberId: PHONE_NUMBER_ID }),
      names: 'PROVIDER_ACCOUNTS whatsapp-cloud.accessToken',
    },
    {
      settings: accountSettings('whatsapp-cloud', {
        phoneNumberId: '+491701234567',
        accessToken: 'A'.repeat(40),
      }),
      names: 'PROVIDER_ACCOUNTS whatsapp-cloud.phoneNumberId',
    },
  ],
  async start(behaviour) {
    const secret = () => randomBytes(24).toString('hex');
    const [accessToken, appSecret, verifyToken] = [`EAA${secret()}`, secret(), secret()];
    let sent = 0;
    const server = await startFakeHttpServer(behaviour, ({ method, path, headers, body }) => {
      if (behaviour === 'refuseEchoingSecrets')
        return error(401, 190, `Malformed access token ${accessToken} ${appSecret} ${verifyToken}`);
      if (headers.authorization !== `Bearer ${accessToken}`) return error(401, 190, 'Invalid OAuth token');
      if (method === 'GET' && path === `/v23.0/${PHONE_NUMBER_ID}?fields=id`)
        return json(200, { id: PHONE_NUMBER_ID });
      if (method !== 'POST' || path !== `/v23.0/${PHONE_NUMBER_ID}/messages`)
        return error(400, 100, 'Unsupported request');
      if (
        headers['content-type'] !== 'application/json' ||
        !call.safeParse(JSON.parse(body.toString())).success
      )
        return error(400, 100, 'Invalid parameter');
      return json(200, {
        messaging_product: 'whatsapp',
        contacts: [{ input: '+491701234567', wa_id: '491701234567' }],
        messages: [{ id: `wamid.${++sent}`, message_status: 'accepted' }],
      });
    });
    return {
      settings: accountSettings('whatsapp-cloud', {
        phoneNumberId: PHONE_NUMBER_ID,
        accessToken,
        appSecret,
        verifyToken,
        baseUrl: server.origin,
      }),
      secrets: [accessToken, appSecret, verifyToken],
      recipient: { address: '+491701234567' },
      received: async () => server.requests.filter(({ method }) => method === 'POST').map(read),
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};
