import { createHmac, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type FakeAnswer, type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';
import {
  accountSettings,
  type ConformanceFixture,
  type FakeBehaviour,
  type ReceivedMessage,
} from '../testing/fake-provider.ts';

const AGENT_ID = 41;
const SEND = '/topapi/message/corpconversation/asyncsend_v2';
const ROBOT_TOKEN = randomBytes(32).toString('hex');

/** Work notifications: an app's access token first, then the message. */
export const fixture: ConformanceFixture = {
  wrongSettings: [
    { settings: accountSettings('dingtalk', {}), names: 'PROVIDER_ACCOUNTS dingtalk.appKey' },
    {
      settings: accountSettings('dingtalk', { appKey: 'k', appSecret: 's' }),
      names: 'PROVIDER_ACCOUNTS dingtalk.agentId',
    },
    {
      settings: accountSettings('dingtalk', { robots: [{ name: 'a', accessToken: 'x&y' }] }),
      names: 'PROVIDER_ACCOUNTS dingtalk.robots.0.accessToken',
    },
    {
      settings: accountSettings('dingtalk', {
        robots: [
          { name: 'a', accessToken: 'x' },
          { name: 'a', accessToken: 'y' },
        ],
      }),
      names: 'PROVIDER_ACCOUNTS dingtalk.robots',
    },
  ],
  async start(behaviour) {
    const appSecret = randomBytes(24).toString('hex');
    const token = randomBytes(16).toString('hex');
    const answer = (request: FakeRequest): FakeAnswer => {
      const url = new URL(request.path, 'http://fake');
      const refuse = (errcode: number, errmsg: string) => json({ errcode, errmsg });
      if (behaviour === 'refuseEchoingSecrets')
        return refuse(40089, `appsecret ${url.searchParams.get('appsecret')} is wrong`);
      if (url.pathname === '/gettoken') {
        const { appkey, appsecret } = Object.fromEntries(url.searchParams);
        if (request.method !== 'GET' || appkey !== 'key' || appsecret !== appSecret)
          return refuse(40089, 'wrong key or secret');
        return json({ errcode: 0, errmsg: 'ok', access_token: token, expires_in: 7_200 });
      }
      if (url.pathname !== SEND || request.method !== 'POST') return refuse(404, 'no such address');
      if (url.searchParams.get('access_token') !== token) return refuse(40014, 'wrong access token');
      const { success } = workRequest.safeParse(JSON.parse(request.body.toString()));
      return success
        ? json({ errcode: 0, errmsg: 'ok', task_id: 256_271_667_526, request_id: '4jzllmte0wau' })
        : refuse(40035, 'malformed');
    };
    const server = await startFakeHttpServer(behaviour, answer, ({ path }) => path.startsWith('/gettoken'));
    return {
      settings: accountSettings('dingtalk', {
        appKey: 'key',
        appSecret,
        agentId: String(AGENT_ID),
        baseUrl: server.origin,
      }),
      secrets: [appSecret, token],
      recipient: { address: 'manager4220' },
      received: async () =>
        server.requests.map(({ body }) => readText(workRequest.parse(JSON.parse(body.toString())).msg)),
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};

/** A group robot, with signed requests. */
export const robotFixture: ConformanceFixture = {
  wrongSettings: [],
  async start(behaviour: FakeBehaviour) {
    const secret = `SEC${randomBytes(32).toString('hex')}`;
    const server = await startFakeHttpServer(behaviour, ({ method, path, body }) => {
      const { pathname, searchParams } = new URL(path, 'http://fake');
      const { access_token, timestamp, sign } = Object.fromEntries(searchParams);
      const expected = createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64');
      const refuse = (errmsg: string) => json({ errcode: 310000, errmsg });
      if (behaviour === 'refuseEchoingSecrets')
        return refuse(`sign ${sign} of ${access_token} and ${secret}`);
      if (method !== 'POST' || pathname !== '/robot/send') return refuse('no such address');
      if (access_token !== ROBOT_TOKEN) return json({ errcode: 300001, errmsg: 'token is not exist' });
      if (Math.abs(Date.now() - Number(timestamp)) > 3_600_000) return refuse('invalid timestamp');
      if (sign !== expected) return refuse('sign not match');
      return textMessage.safeParse(JSON.parse(body.toString())).success
        ? json({ errcode: 0, errmsg: 'ok' })
        : json({ errcode: 40035, errmsg: 'malformed' });
    });
    return {
      settings: accountSettings('dingtalk', {
        robots: [{ name: 'ops', accessToken: ROBOT_TOKEN, secret }],
        baseUrl: server.origin,
      }),
      secrets: [secret, ROBOT_TOKEN],
      recipient: { address: 'robot:ops' },
      received: async () =>
        server.requests.map(({ body }) => readText(textMessage.parse(JSON.parse(body.toString())))),
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};

const textMessage = z.union([
  z.object({ msgtype: z.literal('text'), text: z.strictObject({ content: z.string().min(1) }) }),
  z.object({
    msgtype: z.literal('markdown'),
    markdown: z.strictObject({ title: z.string(), text: z.string().min(1) }),
  }),
]);
const workRequest = z.strictObject({
  agent_id: z.literal(AGENT_ID),
  userid_list: z.string().regex(/^[^,]+$/),
  msg: textMessage,
});

/** The first line is the title, where the message is plain text. */
function readText(message: z.output<typeof textMessage>): ReceivedMessage {
  if (message.msgtype !== 'text') return { body: message.markdown.text };
  const [title = '', ...lines] = message.text.content.split('\n');
  return { title, body: lines.join('\n') };
}

const json = (value: object): FakeAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});
