import { randomBytes } from 'node:crypto';
import { parse } from 'node:querystring';
import { type FakeAnswer, type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';
import {
  accountSettings,
  type ConformanceFixture,
  type FakeBehaviour,
  type FakeProvider,
  type ReceivedMessage,
} from '../testing/fake-provider.ts';

const accountSid = `AC${'0a'.repeat(16)}`;
const from = '+15005550006';
const voiceFrom = '+15005550007';

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
  start: (behaviour) => start(behaviour, { from }, fakeMessages, ({ Body }) => readLines(String(Body))),
};

/** Calls go to a resource of their own. */
export const fixturesOf: Readonly<Record<'VOICE', ConformanceFixture>> = {
  VOICE: {
    wrongSettings: [
      {
        settings: accountSettings('twilio', { accountSid, authToken: 't', voiceFrom: '07000' }),
        names: 'PROVIDER_ACCOUNTS twilio.voiceFrom',
      },
      {
        settings: accountSettings('twilio', {
          accountSid,
          authToken: 't',
          voiceFrom,
          voiceLanguage: 'german',
        }),
        names: 'PROVIDER_ACCOUNTS twilio.voiceLanguage',
      },
    ],
    start: (behaviour) =>
      start(behaviour, { voiceFrom }, fakeCalls, ({ Twiml }) => {
        const [title = '', ...body] = spoken(String(Twiml))?.[0] ?? [];
        return { title, body: body.join('') };
      }),
  },
};

/** The form of a request. */
type Form = ReturnType<typeof parse>;

async function start(
  behaviour: FakeBehaviour,
  senders: object,
  fake: (request: FakeRequest, form: Form) => FakeAnswer,
  read: (form: Form) => ReceivedMessage,
): Promise<FakeProvider> {
  const authToken = randomBytes(16).toString('hex');
  const basic = Buffer.from(`${accountSid}:${authToken}`).toString('base64');
  const server = await startFakeHttpServer(behaviour, (request) => {
    if (behaviour === 'refuseEchoingSecrets') return error(401, 20003, `no: ${authToken} Basic ${basic}`);
    const { method, headers, body } = request;
    if (headers.authorization !== `Basic ${basic}`) return error(401, 20003, 'Authenticate');
    if (method === 'POST' && headers['content-type'] !== 'application/x-www-form-urlencoded')
      return error(415, 20415, 'type');
    return fake(request, parse(body.toString()));
  });
  return {
    settings: accountSettings('twilio', { accountSid, authToken, ...senders, baseUrl: server.origin }),
    secrets: [authToken, basic],
    recipient: { address: '+491701234567' },
    received: async () =>
      server.requests
        .filter(({ method }) => method === 'POST')
        .map(({ body }) => read(parse(body.toString()))),
    openConnections: server.openConnections,
    stop: server.stop,
  };
}

function readLines(text: string): ReceivedMessage {
  const end = text.indexOf('\n');
  return { title: text.slice(0, end), body: text.slice(end + 1) };
}

const isNumber = (to: unknown): boolean => typeof to === 'string' && /^\+[1-9]\d+$/.test(to);

/** The Messages resource: checks what Twilio checks. */
function fakeMessages({ method, path }: FakeRequest, form: Form): FakeAnswer {
  const resource = `/2010-04-01/Accounts/${accountSid}/Messages.json`;
  if (method === 'GET' && path === `${resource}?PageSize=1`) return { status: 200, body: '{"messages":[]}' };
  if (method !== 'POST' || path !== resource) return error(404, 20404, 'not found');
  if (!isNumber(form.To)) return error(400, 21211, 'To');
  if (form.From !== from) return error(400, 21603, 'From');
  if (typeof form.Body !== 'string' || form.Body === '') return error(400, 21602, 'Body');
  if (form.Body.length > 1600) return error(400, 21617, 'Body');
  return made({ sid: `SM${randomBytes(16).toString('hex')}`, status: 'queued', error_code: null });
}

/** The Calls resource. */
function fakeCalls({ method, path }: FakeRequest, form: Form): FakeAnswer {
  const resource = `/2010-04-01/Accounts/${accountSid}/Calls.json`;
  if (method === 'GET' && path === `${resource}?PageSize=1`) return { status: 200, body: '{"calls":[]}' };
  if (method !== 'POST' || path !== resource) return error(404, 20404, 'not found');
  if (!isNumber(form.To)) return error(400, 21217, 'To');
  if (form.From !== voiceFrom) return error(400, 21210, 'From');
  if (!(Number(form.Timeout) >= 1 && Number(form.Timeout) <= 600)) return error(400, 20001, 'Timeout');
  if (!/^[1-9]\d*$/.test(String(form.TimeLimit))) return error(400, 20001, 'TimeLimit');
  if (typeof form.Twiml !== 'string' || form.Twiml.length > 4000) return error(400, 32018, 'Twiml');
  if (!spoken(form.Twiml)) return error(400, 12100, 'Twiml');
  return made({ sid: `CA${randomBytes(16).toString('hex')}`, status: 'queued', queue_time: '0' });
}

/**
 * What a document says, each time: the texts between two pauses. Undefined for one that is not well-formed, or that has
 * more in it than such a call needs.
 */
export function spoken(twiml: string): string[][] | undefined {
  const say = /<Say voice="[\w.-]+" language="[A-Za-z-]+">([^<>]+)<\/Say>/g;
  const [, inside] = /^<Response>(.*)<\/Response>$/s.exec(twiml) ?? [];
  const times = inside?.split('<Pause length="1"/>') ?? [];
  if (times.length === 0 || times.some((time) => time.replaceAll(say, '') !== '')) return undefined;
  return times.map((time) => [...time.matchAll(say)].map(([, text = '']) => unescapeXml(text)));
}

const unescapeXml = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');

const made = (body: object): FakeAnswer => ({
  status: 201,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const error = (status: number, code: number, message: string): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ status, code, message, more_info: `https://www.twilio.com/docs/errors/${code}` }),
});
