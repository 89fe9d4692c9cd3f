import { generateKeyPairSync, randomBytes, randomUUID, verify } from 'node:crypto';
import { z } from 'zod';
import { type FakeAnswer, type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';
import {
  accountSettings,
  type ConformanceFixture,
  type FakeBehaviour,
  type FakeProvider,
  type ReceivedMessage,
} from '../testing/fake-provider.ts';

const applicationId = randomUUID();
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const keyLine = pem.split('\n')[5] ?? '';
const application = { applicationId, privateKey: pem };
const right = { ...application, from: 'Herald' };
const voiceFrom = '+447700900001';

const sms = z.strictObject({
  message_type: z.literal('text'),
  channel: z.literal('sms'),
  to: z.string().regex(/^[1-9]\d{6,14}$/),
  from: z.literal('Herald'),
  text: z.string().min(1).max(1000),
  client_ref: z.string().max(100),
  ttl: z.int().min(20).optional(),
});

const number = z.string().regex(/^[1-9]\d{6,14}$/);
const call = z.strictObject({
  to: z.tuple([z.strictObject({ type: z.literal('phone'), number })]),
  from: z.strictObject({ type: z.literal('phone'), number: z.literal('447700900001') }),
  ncco: z
    .array(
      z.strictObject({
        action: z.literal('talk'),
        text: z.string().min(1).max(1500),
        language: z.string().regex(/^[a-z]{2,3}(-[A-Z]{2})?$/),
        style: z.int().optional(),
      }),
    )
    .min(1),
  event_url: z.tuple([z.url()]).optional(),
  event_method: z.enum(['GET', 'POST']).optional(),
  ringing_timer: z.int().min(1).max(120),
  length_timer: z.int().min(1).max(86_400),
});

export const fixture: ConformanceFixture = {
  wrongSettings: [
    {
      settings: accountSettings('vonage', { ...right, applicationId: '1' }),
      names: 'PROVIDER_ACCOUNTS vonage.applicationId',
    },
    {
      settings: accountSettings('vonage', { ...right, privateKey: '-----BEGIN PRIVATE KEY-----\nx' }),
      names: 'PROVIDER_ACCOUNTS vonage.privateKey',
    },
    { settings: accountSettings('vonage', { ...right, from: '' }), names: 'PROVIDER_ACCOUNTS vonage.from' },
  ],
  start: (behaviour) =>
    start(behaviour, { from: 'Herald' }, fakeMessages, (body) => {
      const { text } = sms.parse(body);
      const end = text.indexOf('\n');
      return { title: text.slice(0, end), body: text.slice(end + 1) };
    }),
};

/** Calls go to an API of their own. */
export const fixturesOf: Readonly<Record<'VOICE', ConformanceFixture>> = {
  VOICE: {
    wrongSettings: [
      {
        settings: accountSettings('vonage', { ...application, voiceFrom: 'Herald' }),
        names: 'PROVIDER_ACCOUNTS vonage.voiceFrom',
      },
      {
        settings: accountSettings('vonage', { ...application, voiceFrom, voiceLanguage: 'german' }),
        names: 'PROVIDER_ACCOUNTS vonage.voiceLanguage',
      },
    ],
    start: (behaviour) =>
      start(behaviour, { voiceFrom }, fakeCalls, (body) => {
        const texts = call.parse(body).ncco.map(({ text }) => text);
        const [title = '', ...more] = texts.slice(0, texts.length / 2);
        return { title, body: more.join('') };
      }),
  },
};

async function start(
  behaviour: FakeBehaviour,
  senders: object,
  fake: (request: FakeRequest, body: unknown) => FakeAnswer,
  read: (body: unknown) => ReceivedMessage,
): Promise<FakeProvider> {
  const signatureSecret = randomBytes(16).toString('hex');
  const server = await startFakeHttpServer(behaviour, (request) => {
    const { authorization = '', 'content-type': type } = request.headers;
    if (behaviour === 'refuseEchoingSecrets')
      return problem(401, '#unauthorized', `${authorization} ${pem} ${signatureSecret}`);
    if (!isOurToken(authorization)) return problem(401, '#unauthorized');
    if (type !== 'application/json') return problem(415, '#unsupported');
    return fake(request, JSON.parse(request.body.toString('utf8')));
  });
  return {
    settings: accountSettings('vonage', {
      ...application,
      ...senders,
      signatureSecret,
      baseUrl: server.origin,
    }),
    secrets: [signatureSecret, keyLine],
    recipient: { address: '+491701234567' },
    received: async () => server.requests.map(({ body }) => read(JSON.parse(body.toString('utf8')))),
    openConnections: server.openConnections,
    stop: server.stop,
  };
}

/** The Messages API: checks what Vonage checks. */
function fakeMessages({ method, path }: FakeRequest, body: unknown): FakeAnswer {
  if (method !== 'POST' || path !== '/v1/messages') return problem(404, '#not-found');
  if (!sms.safeParse(body).success) return problem(422, '/messages#1020');
  return made(202, { message_uuid: randomUUID() });
}

/** The Voice API. */
function fakeCalls({ method, path }: FakeRequest, body: unknown): FakeAnswer {
  if (method !== 'POST' || path !== '/v1/calls') return problem(404, '#not-found');
  if (!call.safeParse(body).success) return problem(400, '#bad-request');
  const uuid = randomUUID();
  return made(201, { uuid, status: 'started', direction: 'outbound', conversation_uuid: `CON-${uuid}` });
}

const made = (status: number, body: object): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** RS256 and the claims that Vonage wants, without a library of tokens. */
function isOurToken(authorization: string): boolean {
  const [, header = '', payload = '', signature = ''] = /^Bearer (.+)\.(.+)\.(.+)$/.exec(authorization) ?? [];
  const signed = Buffer.from(`${header}.${payload}`);
  if (!verify('sha256', signed, publicKey, Buffer.from(signature, 'base64url'))) return false;
  const now = Date.now() / 1000;
  const claims = z
    .object({ application_id: z.literal(applicationId), iat: z.number(), exp: z.number(), jti: z.uuid() })
    .safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString())).data;
  return claims !== undefined && claims.iat <= now + 1 && claims.exp > now;
}

const problem = (status: number, type: string, detail = ''): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: JSON.stringify({
    type: `https://developer.vonage.com/api-errors${type}`,
    title: 'x',
    detail,
    instance: 'i',
  }),
});
