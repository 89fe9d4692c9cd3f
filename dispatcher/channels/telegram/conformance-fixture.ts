import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type FakeAnswer, type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';
import { accountSettings, type ConformanceFixture, type ReceivedMessage } from '../testing/fake-provider.ts';

const call = z.strictObject({
  chat_id: z.literal(4711),
  parse_mode: z.literal('HTML'),
  text: z.string().min(1),
  disable_notification: z.literal(true).optional(),
});

/** Reads the markup as Telegram does: the first bold part is the title. */
function read({ body }: FakeRequest): ReceivedMessage {
  const { text } = call.parse(JSON.parse(body.toString()));
  const [, title, rest = ''] = /^<b>([^<]*)<\/b>\n\n(.*)$/s.exec(text) ?? [];
  if (/[<>]/.test(rest)) throw new Error('a tag that is none of the Bot API');
  return { ...(title !== undefined && { title: unescaped(title) }), body: unescaped(rest) };
}

const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };
const unescaped = (text: string) => text.replace(/&\w+;/g, (entity) => ENTITIES[entity] ?? 'no such entity');

const json = (status: number, body: object): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

export const fixture: ConformanceFixture = {
  wrongSettings: [
    { settings: accountSettings('telegram', {}), names: 'PROVIDER_ACCOUNTS telegram.botToken' },
    {
      settings: accountSettings('telegram', { botToken: 'hunter2' }),
      names: 'PROVIDER_ACCOUNTS telegram.botToken',
    },
    {
      settings: accountSettings('telegram', { botToken: `123456:${'A'.repeat(35)}`, baseUrl: 'ftp://x' }),
      names: 'PROVIDER_ACCOUNTS telegram.baseUrl',
    },
  ],
  async start(behaviour) {
    const botToken = `123456789:${randomBytes(26).toString('base64url')}`;
    let sent = 0;
    const server = await startFakeHttpServer(behaviour, (request) => {
      if (behaviour === 'refuseEchoingSecrets')
        return json(401, { ok: false, error_code: 401, description: `Unauthorized: bot${botToken}` });
      if (request.method === 'GET' && request.path === `/bot${botToken}/getMe`)
        return json(200, { ok: true, result: { id: 123456789, is_bot: true, first_name: 'Herald' } });
      if (request.method !== 'POST' || request.path !== `/bot${botToken}/sendMessage`)
        return json(404, { ok: false, error_code: 404, description: 'Not Found' });
      const parsed =
        request.headers['content-type'] === 'application/json' &&
        call.safeParse(JSON.parse(request.body.toString())).success;
      return parsed
        ? json(200, {
            ok: true,
            result: { message_id: ++sent, date: 0, chat: { id: 4711, type: 'private' } },
          })
        : json(400, { ok: false, error_code: 400, description: 'Bad Request: the fake does not know this' });
    });
    return {
      settings: accountSettings('telegram', { botToken, baseUrl: server.origin }),
      secrets: [botToken],
      recipient: { address: '4711' },
      received: async () => server.requests.filter(({ method }) => method === 'POST').map(read),
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};
