import { generateKeyPairSync, randomBytes, randomUUID, verify } from 'node:crypto';
import { z } from 'zod';
import { accountSettings, type ConformanceFixture, type ReceivedMessage } from '../conformance.ts';
import { type FakeAnswer, type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';

const applicationId = randomUUID();
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const keyLine = pem.split('\n')[5] ?? '';
const right = { applicationId, privateKey: pem, from: 'Herald' };

const sms = z.strictObject({
  message_type: z.literal('text'),
  channel: z.literal('sms'),
  to: z.string().regex(/^[1-9]\d{6,14}$/),
  from: z.literal('Herald'),
  text: z.string().min(1).max(1000),
  client_ref: z.string().max(100),
  ttl: z.int().min(20).optional(),
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
  async start(behaviour) {
    const signatureSecret = randomBytes(16).toString('hex');
    const server = await startFakeHttpServer(behaviour, (request) =>
      behaviour === 'refuseEchoingSecrets'
        ? problem(401, '#unauthorized', `${request.headers.authorization} ${pem} ${signatureSecret}`)
        : fakeVonage(request),
    );
    return {
      settings: accountSettings('vonage', { ...right, signatureSecret, baseUrl: server.origin }),
      secrets: [signatureSecret, keyLine],
      recipient: { address: '+491701234567' },
      received: async () =>
        server.requests.map(({ body }): ReceivedMessage => {
          const { text } = sms.parse(JSON.parse(body.toString('utf8')));
          const end = text.indexOf('\n');
          return { title: text.slice(0, end), body: text.slice(end + 1) };
        }),
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};

/** The Messages API: checks what Vonage checks. */
function fakeVonage({ method, path, headers, body }: FakeRequest): FakeAnswer {
  if (method !== 'POST' || path !== '/v1/messages') return problem(404, '#not-found');
  if (!isOurToken(headers.authorization ?? '')) return problem(401, '#unauthorized');
  if (headers['content-type'] !== 'application/json') return problem(415, '#unsupported');
  if (!sms.safeParse(JSON.parse(body.toString('utf8'))).success) return problem(422, '/messages#1020');
  return {
    status: 202,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message_uuid: randomUUID() }),
  };
}

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
