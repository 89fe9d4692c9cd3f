import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';
import { accountSettings, type ConformanceFixture, type ReceivedMessage } from '../testing/fake-provider.ts';

/** What the API asks for, by its reference. */
const body = z.strictObject({
  personalizations: z.tuple([z.object({ to: z.tuple([z.object({ email: z.email() })]) })]),
  from: z.object({ email: z.email(), name: z.string().optional() }),
  subject: z.string().min(1),
  content: z.array(z.object({ type: z.enum(['text/plain', 'text/html']), value: z.string().min(1) })).min(1),
  headers: z.record(z.string(), z.string()),
});
const FROM = 'Herald 📣 <herald@news.example.com>';

export const fixture: ConformanceFixture = {
  wrongSettings: [
    {
      settings: accountSettings('sendgrid', { apiKey: 'hunter2', from: FROM }),
      names: 'PROVIDER_ACCOUNTS sendgrid.apiKey',
    },
    {
      settings: accountSettings('sendgrid', { apiKey: 'SG.a.b', from: 'Herald' }),
      names: 'PROVIDER_ACCOUNTS sendgrid.from',
    },
    {
      settings: accountSettings('sendgrid', { apiKey: 'SG.a.b', from: FROM, verificationKey: 'AAAA' }),
      names: 'PROVIDER_ACCOUNTS sendgrid.verificationKey',
    },
  ],
  async start(behaviour) {
    const apiKey = `SG.${randomBytes(16).toString('base64url')}.${randomBytes(32).toString('base64url')}`;
    const received: ReceivedMessage[] = [];
    const server = await startFakeHttpServer(behaviour, (request) => {
      const error = (status: number, message: string, field: string | null = null) => ({
        status,
        body: JSON.stringify({ errors: [{ message, field, help: null }] }),
      });
      if (behaviour === 'refuseEchoingSecrets') return error(401, `wrong key ${apiKey}`, apiKey);
      if (request.headers.authorization !== `Bearer ${apiKey}`) return error(401, 'wrong key');
      if (request.method === 'GET' && request.path === '/v3/scopes')
        return { status: 200, body: '{"scopes":["mail.send"]}' };
      if (request.method !== 'POST' || request.path !== '/v3/mail/send') return error(404, 'not found');
      if (request.headers['content-type'] !== 'application/json') return error(415, 'not JSON');
      const message = messageOf(request);
      if (!message) return error(400, 'Bad Request', 'content');
      received.push(message);
      return { status: 202, headers: { 'x-message-id': 'LRzXl_NHStOGhQ4kofSm_A' } };
    });
    return {
      settings: accountSettings('sendgrid', { apiKey, from: FROM, baseUrl: server.origin }),
      secrets: [apiKey],
      recipient: { address: 'ada@example.com' },
      received: async () => received,
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};

function messageOf(request: FakeRequest): ReceivedMessage | undefined {
  const parsed = body.safeParse(JSON.parse(request.body.toString('utf8')));
  if (!parsed.success) return undefined;
  const { subject, content, headers } = parsed.data;
  const text = content.find(({ type }) => type === 'text/plain')?.value ?? '';
  const id = headers['Message-ID'];
  return { title: subject, body: text, ...(id !== undefined && { idempotencyKey: id }) };
}
