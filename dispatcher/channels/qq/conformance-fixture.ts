import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type FakeAnswer, startFakeHttpServer } from '../network/fake-http-server.ts';
import { accountSettings, type ConformanceFixture } from '../testing/fake-provider.ts';

const tokenRequest = z.strictObject({ appId: z.literal('102'), clientSecret: z.string() });
const textRequest = z.strictObject({ msg_type: z.literal(0), content: z.string().min(1) });

const json = (status: number, value: object): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

/** Messages to a group: the bot's access token first. */
export const fixture: ConformanceFixture = {
  wrongSettings: [
    { settings: accountSettings('qq', { clientSecret: 's' }), names: 'PROVIDER_ACCOUNTS qq.appId' },
    { settings: accountSettings('qq', { appId: '1' }), names: 'PROVIDER_ACCOUNTS qq.clientSecret' },
    {
      settings: accountSettings('qq', { appId: '1', clientSecret: 's', tokenBaseUrl: 'bots.qq.com' }),
      names: 'PROVIDER_ACCOUNTS qq.tokenBaseUrl',
    },
  ],
  async start(behaviour) {
    const secret = randomBytes(16).toString('hex');
    const token = randomBytes(40).toString('base64url');
    const server = await startFakeHttpServer(
      behaviour,
      ({ method, path, headers, body }) => {
        if (behaviour === 'refuseEchoingSecrets')
          return json(200, { code: 100007, message: `appid or secret invalid: ${body} ${secret}` });
        if (method !== 'POST') return json(405, {});
        const sent: unknown = JSON.parse(body.toString());
        if (path === '/app/getAppAccessToken')
          return tokenRequest.safeParse(sent).data?.clientSecret === secret
            ? json(200, { access_token: token, expires_in: '7200' })
            : json(200, { code: 100007, message: 'appid or secret invalid' });
        if (headers.authorization !== `QQBot ${token}`)
          return json(401, { code: 11243, message: 'wrong token' });
        if (path !== '/v2/groups/C9F778FE6ADF9D1D1DBE395BF744A33A/messages') return json(404, {});
        return textRequest.safeParse(sent).success
          ? json(200, { id: 'm1', timestamp: '2023-11-06T13:37:18+08:00' })
          : json(400, { code: 12002, message: 'malformed' });
      },
      ({ path }) => path === '/app/getAppAccessToken',
    );
    return {
      settings: accountSettings('qq', {
        appId: '102',
        clientSecret: secret,
        baseUrl: server.origin,
        tokenBaseUrl: server.origin,
      }),
      secrets: [secret, token],
      recipient: { address: 'group:C9F778FE6ADF9D1D1DBE395BF744A33A' },
      received: async () =>
        server.requests.map(({ body }) => {
          const { content } = textRequest.parse(JSON.parse(body.toString()));
          const [title = '', ...lines] = content.split('\n');
          return { title, body: lines.join('\n') };
        }),
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};
