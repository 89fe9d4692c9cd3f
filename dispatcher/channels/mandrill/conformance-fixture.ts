import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { startFakeHttpServer } from '../network/fake-http-server.ts';
import { accountSettings, type ConformanceFixture, type ReceivedMessage } from '../testing/fake-provider.ts';

const keyed = z.object({ key: z.string() });
/** What the API asks for, by its reference. */
const send = z.strictObject({
  key: z.string(),
  message: z.object({
    from_email: z.email(),
    from_name: z.string(),
    to: z.tuple([z.object({ email: z.email(), type: z.literal('to') })]),
    subject: z.string(),
    text: z.string(),
    headers: z.record(z.string(), z.string()),
    merge: z.literal(false),
  }),
});
const FROM = 'Herald 📣 <herald@news.example.com>';
const GOOD = { apiKey: 'md-0123456789', from: FROM };

export const fixture: ConformanceFixture = {
  wrongSettings: [
    {
      settings: accountSettings('mandrill', { ...GOOD, apiKey: 'not one' }),
      names: 'PROVIDER_ACCOUNTS mandrill.apiKey',
    },
    {
      settings: accountSettings('mandrill', { ...GOOD, from: '' }),
      names: 'PROVIDER_ACCOUNTS mandrill.from',
    },
    {
      settings: accountSettings('mandrill', { ...GOOD, webhookUrl: '/receipts' }),
      names: 'PROVIDER_ACCOUNTS mandrill.webhookUrl',
    },
  ],
  async start(behaviour) {
    const apiKey = `md-${randomBytes(16).toString('base64url')}`;
    const received: ReceivedMessage[] = [];
    const server = await startFakeHttpServer(behaviour, (request) => {
      const error = (status: number, name: string, message = '') => ({
        status,
        body: JSON.stringify({ status: 'error', code: -1, name, message }),
      });
      // A wrong key is a 500 at times.
      if (behaviour === 'refuseEchoingSecrets') return error(500, 'Invalid_Key', `Invalid API key ${apiKey}`);
      const body: unknown = JSON.parse(request.body.toString('utf8'));
      if (keyed.safeParse(body).data?.key !== apiKey) return error(401, 'Invalid_Key');
      if (request.method !== 'POST') return error(405, 'GeneralError');
      if (request.path === '/api/1.0/users/ping2.json') return { status: 200, body: '{"PING":"PONG!"}' };
      if (request.path !== '/api/1.0/messages/send.json') return error(404, 'GeneralError');
      const parsed = send.safeParse(body);
      if (!parsed.success) return error(400, 'ValidationError');
      const { subject, text, to, headers } = parsed.data.message;
      const id = headers['Message-Id'];
      received.push({ title: subject, body: text, ...(id !== undefined && { idempotencyKey: id }) });
      const result = { email: to[0].email, status: 'sent', _id: '111111111111111', reject_reason: null };
      return { status: 200, body: JSON.stringify([result]) };
    });
    return {
      settings: accountSettings('mandrill', { ...GOOD, apiKey, baseUrl: server.origin }),
      secrets: [apiKey],
      recipient: { address: 'ada@example.com' },
      received: async () => received,
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};
