import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type FakeAnswer, type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';
import { accountSettings, type ConformanceFixture, type ReceivedMessage } from '../testing/fake-provider.ts';

const section = z.strictObject({
  type: z.literal('section'),
  text: z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('mrkdwn'),
      text: z.string().min(1).max(3_000),
      verbatim: z.boolean().optional(),
    }),
    z.strictObject({ type: z.literal('plain_text'), text: z.string().min(1).max(3_000) }),
  ]),
});
const header = z.strictObject({
  type: z.literal('header'),
  text: z.strictObject({ type: z.literal('plain_text'), text: z.string().min(1).max(150) }),
});
const call = z.strictObject({
  channel: z.literal('C0123456789'),
  text: z.string().max(40_000),
  blocks: z
    .array(z.discriminatedUnion('type', [header, section]))
    .min(1)
    .max(50),
});

const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };

/** As Slack shows it: links are what they point to, three entities are characters. */
function shown(text: string): string {
  const plain = text.replace(/<(https?:[^<>|]+)>/g, '$1');
  if (/[<>]/.test(plain)) throw new Error('a mention');
  return plain.replace(/&\w+;/g, (entity) => ENTITIES[entity] ?? entity);
}

function read({ body }: FakeRequest): ReceivedMessage {
  const { blocks } = call.parse(JSON.parse(body.toString()));
  const title = blocks.find(({ type }) => type === 'header')?.text.text;
  const texts = blocks.filter(({ type }) => type === 'section').map(({ text }) => shown(text.text));
  return { ...(title !== undefined && { title }), body: texts.join('\n') };
}

const json = (body: object, status = 200): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify(body),
});

export const fixture: ConformanceFixture = {
  wrongSettings: [
    {
      settings: accountSettings('slack', { botToken: 'hunter2' }),
      names: 'PROVIDER_ACCOUNTS slack.botToken',
    },
    {
      settings: accountSettings('slack', { webhookBaseUrl: 'hooks.slack.com' }),
      names: 'PROVIDER_ACCOUNTS slack.webhookBaseUrl',
    },
  ],
  async start(behaviour) {
    const botToken = `xoxb-${randomBytes(24).toString('hex')}`;
    let sent = 0;
    const server = await startFakeHttpServer(behaviour, ({ method, path, headers, body }) => {
      if (behaviour === 'refuseEchoingSecrets')
        return json({ ok: false, error: `invalid_auth ${botToken}`, warning: botToken }, 401);
      if (method !== 'POST') return json({ ok: false, error: 'unknown_method' });
      if (headers.authorization !== `Bearer ${botToken}`) return json({ ok: false, error: 'invalid_auth' });
      if (path === '/api/auth.test') return json({ ok: true, team: 'Herald', user_id: 'U1' });
      if (path !== '/api/chat.postMessage') return json({ ok: false, error: 'unknown_method' });
      if (headers['content-type'] !== 'application/json; charset=utf-8')
        return json({ ok: false, error: 'invalid_post_type' });
      return call.safeParse(JSON.parse(body.toString())).success
        ? json({ ok: true, channel: 'C0123456789', ts: `1503435956.${String(++sent).padStart(6, '0')}` })
        : json({ ok: false, error: 'invalid_blocks' });
    });
    return {
      settings: accountSettings('slack', { botToken, baseUrl: `${server.origin}/api` }),
      secrets: [botToken],
      recipient: { address: 'C0123456789' },
      received: async () => server.requests.map(read),
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};
