import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type FakeAnswer, startFakeHttpServer } from '../network/fake-http-server.ts';
import { accountSettings, type ConformanceFixture, type ReceivedMessage } from '../testing/fake-provider.ts';

const AGENT_ID = 1_000_002;

const message = z.discriminatedUnion('msgtype', [
  z.looseObject({ msgtype: z.literal('text'), text: z.looseObject({ content: z.string().min(1) }) }),
  z.looseObject({ msgtype: z.literal('markdown'), markdown: z.looseObject({ content: z.string().min(1) }) }),
  z.looseObject({
    msgtype: z.literal('textcard'),
    textcard: z.looseObject({ title: z.string().min(1), description: z.string().min(1), url: z.string() }),
  }),
  z.looseObject({
    msgtype: z.literal('news'),
    news: z.strictObject({ articles: z.array(z.looseObject({ title: z.string(), url: z.string() })).min(1) }),
  }),
]);
const toOneMember = z.object({ touser: z.string().regex(/^[^|@]+$/), agentid: z.literal(AGENT_ID) });

const json = (value: object): FakeAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/json; charset=UTF-8' },
  body: JSON.stringify(value),
});

/** The first line is the title, where the message is plain text. */
function readText(body: Buffer): ReceivedMessage {
  const read = message.parse(JSON.parse(body.toString()));
  if (read.msgtype !== 'text') return { body: JSON.stringify(read) };
  const [title = '', ...lines] = read.text.content.split('\n');
  return { title, body: lines.join('\n') };
}

/** An app: its access token first, then the message. */
export const fixture: ConformanceFixture = {
  wrongSettings: [
    { settings: accountSettings('wecom', {}), names: 'PROVIDER_ACCOUNTS wecom.corpId' },
    {
      settings: accountSettings('wecom', { corpId: 'c', corpSecret: 's', agentId: 'one' }),
      names: 'PROVIDER_ACCOUNTS wecom.agentId',
    },
    {
      settings: accountSettings('wecom', { robots: [{ name: 'Ops', key: 'x' }] }),
      names: 'PROVIDER_ACCOUNTS wecom.robots.0.name',
    },
  ],
  async start(behaviour) {
    const secret = randomBytes(32).toString('base64url');
    const token = randomBytes(64).toString('base64url');
    const server = await startFakeHttpServer(
      behaviour,
      ({ method, path, body }) => {
        const { pathname, searchParams } = new URL(path, 'http://fake');
        const { corpid, corpsecret, access_token } = Object.fromEntries(searchParams);
        if (behaviour === 'refuseEchoingSecrets')
          return json({ errcode: 40001, errmsg: `invalid credential ${corpsecret} ${secret}` });
        if (pathname === '/cgi-bin/gettoken')
          return method === 'GET' && corpid === 'ww1' && corpsecret === secret
            ? json({ errcode: 0, errmsg: 'ok', access_token: token, expires_in: 7_200 })
            : json({ errcode: 40001, errmsg: 'invalid credential' });
        if (pathname !== '/cgi-bin/message/send' || method !== 'POST') return { status: 404 };
        if (access_token !== token) return json({ errcode: 40014, errmsg: 'invalid access_token' });
        const sent: unknown = JSON.parse(body.toString());
        return message.safeParse(sent).success && toOneMember.safeParse(sent).success
          ? json({ errcode: 0, errmsg: 'ok', invaliduser: '', msgid: 'm1' })
          : json({ errcode: 40058, errmsg: 'malformed' });
      },
      ({ path }) => path.startsWith('/cgi-bin/gettoken'),
    );
    return {
      settings: accountSettings('wecom', {
        corpId: 'ww1',
        corpSecret: secret,
        agentId: String(AGENT_ID),
        baseUrl: server.origin,
      }),
      secrets: [secret, token],
      recipient: { address: 'ZhangSan' },
      received: async () => server.requests.map(({ body }) => readText(body)),
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};

/** A group robot. */
export const robotFixture: ConformanceFixture = {
  wrongSettings: [],
  async start(behaviour) {
    const key = randomUUID();
    const server = await startFakeHttpServer(behaviour, ({ method, path, body }) => {
      const { pathname, searchParams } = new URL(path, 'http://fake');
      if (behaviour === 'refuseEchoingSecrets')
        return json({ errcode: 93000, errmsg: `invalid webhook url ${searchParams.get('key')}` });
      if (method !== 'POST' || pathname !== '/cgi-bin/webhook/send') return { status: 404 };
      if (searchParams.get('key') !== key) return json({ errcode: 93000, errmsg: 'invalid webhook url' });
      return message.safeParse(JSON.parse(body.toString())).success
        ? json({ errcode: 0, errmsg: 'ok' })
        : json({ errcode: 40058, errmsg: 'malformed' });
    });
    return {
      settings: accountSettings('wecom', { robots: [{ name: 'ops', key }], baseUrl: server.origin }),
      secrets: [key],
      recipient: { address: 'robot:ops' },
      received: async () => server.requests.map(({ body }) => readText(body)),
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};
