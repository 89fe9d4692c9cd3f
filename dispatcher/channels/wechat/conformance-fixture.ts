import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type FakeAnswer, startFakeHttpServer } from '../network/fake-http-server.ts';
import { accountSettings, type ConformanceFixture } from '../testing/fake-provider.ts';

const tokenRequest = z.object({
  grant_type: z.literal('client_credential'),
  appid: z.string(),
  secret: z.string(),
});
const messageRequest = z.object({
  touser: z.string().min(1),
  template_id: z.literal('T1'),
  url: z.string().optional(),
  client_msg_id: z.string().max(32),
  data: z.object({
    first: z.object({ value: z.string().min(1) }).optional(),
    remark: z.object({ value: z.string().min(1) }).optional(),
  }),
});

const json = (value: object): FakeAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/json; encoding=utf-8' },
  body: JSON.stringify(value),
});

/** An official account: its access token first, then the template message. */
export const fixture: ConformanceFixture = {
  wrongSettings: [
    { settings: accountSettings('wechat', {}), names: 'PROVIDER_ACCOUNTS wechat.appId' },
    { settings: accountSettings('wechat', { appId: 'wx1' }), names: 'PROVIDER_ACCOUNTS wechat.appSecret' },
    {
      settings: accountSettings('wechat', { miniAppId: 'wx1' }),
      names: 'PROVIDER_ACCOUNTS wechat.miniAppSecret',
    },
    {
      settings: accountSettings('wechat', { appId: 'wx1', appSecret: 's', titleField: 'a.b' }),
      names: 'PROVIDER_ACCOUNTS wechat.titleField',
    },
  ],
  async start(behaviour) {
    const secret = randomBytes(16).toString('hex');
    const callbackToken = randomBytes(16).toString('hex');
    const token = randomBytes(64).toString('base64url');
    const server = await startFakeHttpServer(
      behaviour,
      ({ method, path, body }) => {
        const { pathname, searchParams } = new URL(path, 'http://fake');
        if (behaviour === 'refuseEchoingSecrets')
          return json({ errcode: 40125, errmsg: `invalid appsecret ${body} ${callbackToken}` });
        if (method !== 'POST') return json({ errcode: 43002, errmsg: 'require POST method' });
        const sent: unknown = JSON.parse(body.toString());
        if (pathname === '/cgi-bin/stable_token') {
          const asked = tokenRequest.safeParse(sent).data;
          return asked?.appid === 'wx1' && asked.secret === secret
            ? json({ access_token: token, expires_in: 7_200 })
            : json({ errcode: 40125, errmsg: 'invalid appsecret' });
        }
        if (pathname !== '/cgi-bin/message/template/send') return { status: 404 };
        if (searchParams.get('access_token') !== token)
          return json({ errcode: 40001, errmsg: 'invalid credential' });
        return messageRequest.safeParse(sent).success
          ? json({ errcode: 0, errmsg: 'ok', msgid: 200_228_332 })
          : json({ errcode: 47001, errmsg: 'data format error' });
      },
      ({ path }) => path.startsWith('/cgi-bin/stable_token'),
    );
    return {
      settings: accountSettings('wechat', {
        appId: 'wx1',
        appSecret: secret,
        templateId: 'T1',
        titleField: 'first',
        bodyField: 'remark',
        callbackToken,
        baseUrl: server.origin,
      }),
      secrets: [secret, token, callbackToken],
      recipient: { address: 'oia2TjuEGTNoeX76QEjQNrcURxG8' },
      received: async () =>
        server.requests.map(({ body }) => {
          const { data, client_msg_id } = messageRequest.parse(JSON.parse(body.toString()));
          return {
            ...(data.first && { title: data.first.value }),
            body: data.remark?.value ?? '',
            idempotencyKey: client_msg_id,
          };
        }),
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};
