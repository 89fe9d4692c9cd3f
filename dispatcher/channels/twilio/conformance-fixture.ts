import { randomBytes } from 'node:crypto';
import { parse } from 'node:querystring';
import { accountSettings, type ConformanceFixture, type ReceivedMessage } from '../conformance.ts';
import { type FakeAnswer, type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';

const accountSid = `AC${'0a'.repeat(16)}`;
const from = '+15005550006';

export const fixture: ConformanceFixture = {
  wrongSettings: [
    {
      settings: accountSettings('twilio', { accountSid: 'AC1', authToken: 't', from }),
      names: 'PROVIDER_ACCOUNTS twilio.accountSid',
    },
    {
      settings: accountSettings('twilio', { accountSid, authToken: 't' }),
      names: 'PROVIDER_ACCOUNTS twilio.from',
    },
    {
      settings: accountSettings('twilio', {
        accountSid,
        authToken: 't',
        from,
        apiKeySid: `SK${'0'.repeat(32)}`,
      }),
      names: 'PROVIDER_ACCOUNTS twilio.apiKeySecret',
    },
  ],
  async start(behaviour) {
    const authToken = randomBytes(16).toString('hex');
    const basic = Buffer.from(`${accountSid}:${authToken}`).toString('base64');
    const server = await startFakeHttpServer(behaviour, (request) =>
      behaviour === 'refuseEchoingSecrets'
        ? error(401, 20003, `no: ${authToken} Basic ${basic}`)
        : fakeTwilio(request, `Basic ${basic}`),
    );
    return {
      settings: accountSettings('twilio', { accountSid, authToken, from, baseUrl: server.origin }),
      secrets: [authToken, basic],
      recipient: { address: '+491701234567' },
      received: async () =>
        server.requests
          .filter(({ method }) => method === 'POST')
          .map(({ body }): ReceivedMessage => {
            const text = String(parse(body.toString()).Body);
            const end = text.indexOf('\n');
            return { title: text.slice(0, end), body: text.slice(end + 1) };
          }),
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};

/** The Messages resource: checks what Twilio checks. */
function fakeTwilio({ method, path, headers, body }: FakeRequest, authorization: string): FakeAnswer {
  if (headers.authorization !== authorization) return error(401, 20003, 'Authenticate');
  const resource = `/2010-04-01/Accounts/${accountSid}/Messages.json`;
  if (method === 'GET' && path === `${resource}?PageSize=1`) return { status: 200, body: '{"messages":[]}' };
  if (method !== 'POST' || path !== resource) return error(404, 20404, 'not found');
  if (headers['content-type'] !== 'application/x-www-form-urlencoded') return error(415, 20415, 'type');
  const form = parse(body.toString());
  if (typeof form.To !== 'string' || !/^\+[1-9]\d+$/.test(form.To)) return error(400, 21211, 'To');
  if (form.From !== from) return error(400, 21603, 'From');
  if (typeof form.Body !== 'string' || form.Body === '') return error(400, 21602, 'Body');
  if (form.Body.length > 1600) return error(400, 21617, 'Body');
  return {
    status: 201,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sid: `SM${randomBytes(16).toString('hex')}`, status: 'queued', error_code: null }),
  };
}

const error = (status: number, code: number, message: string): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ status, code, message, more_info: `https://www.twilio.com/docs/errors/${code}` }),
});
