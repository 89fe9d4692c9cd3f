import { createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { z } from 'zod';
import { type FakeAnswer, type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';
import { accountSettings, type ConformanceFixture, type FakeBehaviour } from '../testing/fake-provider.ts';

/** One key for all tests: making one takes a while. */
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicKey = createPublicKey(privateKey);

const PROJECT = 'herald-test';
const EMAIL = 'herald@herald-test.iam.gserviceaccount.com';
const KEY_ID = 'k1';

/** What https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages asks of a message. */
const sent = z.object({
  validate_only: z.boolean().optional(),
  message: z
    .object({
      token: z.string().min(1).optional(),
      topic: z.string().min(1).optional(),
      notification: z.object({
        title: z.string().optional(),
        body: z.string(),
        image: z.string().optional(),
      }),
      data: z.record(z.string(), z.string()).optional(),
      android: z
        .object({
          priority: z.enum(['high', 'normal']),
          ttl: z
            .string()
            .regex(/^\d+(\.\d+)?s$/)
            .optional(),
          notification: z.object({ tag: z.string().regex(/^[\w-]{32}$/) }),
        })
        .optional(),
    })
    .refine(({ token, topic }) => (token === undefined) !== (topic === undefined)),
});
export type SentMessage = z.output<typeof sent>['message'];

export interface FakeFcm {
  readonly config: { readonly serviceAccount: string; readonly baseUrl: string };
  readonly secrets: readonly string[];
  /** Requests for tokens, those for health, and messages; as they came. */
  readonly tokenRequests: readonly FakeRequest[];
  readonly requests: readonly FakeRequest[];
  /** The messages as FCM reads them, those for health left out. */
  messages(): readonly SentMessage[];
  openConnections(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Google's token service and FCM, each a server.
 * @param answer what FCM answers to a message that is as it must be.
 * @param grant what the token service answers to an assertion that is as it must be.
 */
export async function startFakeFcm(
  behaviour: FakeBehaviour,
  answer: (request: FakeRequest, count: number) => FakeAnswer = () => ok('projects/herald-test/messages/1'),
  grant: (token: string) => FakeAnswer = (token) => json(200, { access_token: token, expires_in: 3599 }),
): Promise<FakeFcm> {
  const secret = randomBytes(18).toString('base64url');
  const authorizations = new Set<string>();
  const newToken = () => {
    const token = `ya29.${secret}-${authorizations.size}`;
    authorizations.add(`Bearer ${token}`);
    return token;
  };
  const tokenServer = await startFakeHttpServer('accept', (request) =>
    takesAssertion(request, `${tokenServer.origin}/token`)
      ? grant(newToken())
      : json(400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' }),
  );
  const api = await startFakeHttpServer(behaviour, (request) => {
    const { method, path, headers, body } = request;
    if (`http://${headers.host}` !== api.origin) return refusal(400, 'INVALID_ARGUMENT', 'wrong host');
    if (method !== 'POST' || path !== `/v1/projects/${PROJECT}/messages:send`)
      return refusal(404, 'NOT_FOUND', 'Requested entity was not found.');
    if (!authorizations.has(headers.authorization ?? ''))
      return refusal(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');
    if (!sent.safeParse(JSON.parse(body.toString())).success)
      return refusal(400, 'INVALID_ARGUMENT', 'not a message');
    if (behaviour === 'refuseEchoingSecrets')
      return refusal(403, 'PERMISSION_DENIED', `denied: ${headers.authorization} ${pem}`);
    return answer(request, api.requests.length);
  });
  return {
    config: {
      serviceAccount: JSON.stringify({
        type: 'service_account',
        project_id: PROJECT,
        private_key_id: KEY_ID,
        private_key: pem,
        client_email: EMAIL,
        token_uri: `${tokenServer.origin}/token`,
      }),
      baseUrl: api.origin,
    },
    secrets: [secret, pem.split('\n')[1] ?? pem],
    tokenRequests: tokenServer.requests,
    requests: api.requests,
    messages: () =>
      api.requests
        .map(({ body }) => sent.parse(JSON.parse(body.toString())))
        .filter(({ validate_only }) => validate_only !== true)
        .map(({ message }) => message),
    openConnections: async () => (await tokenServer.openConnections()) + (await api.openConnections()),
    stop: async () => {
      await tokenServer.stop();
      await api.stop();
    },
  };
}

export const json = (
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
  body: JSON.stringify(body),
});
const ok = (name: string): FakeAnswer => json(200, { name });

/** An error in the form of https://firebase.google.com/docs/cloud-messaging/error-codes. */
export const refusal = (
  code: number,
  status: string,
  message: string,
  fcmCode?: string,
  headers: Readonly<Record<string, string>> = {},
): FakeAnswer => {
  const type = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';
  const details = fcmCode === undefined ? {} : { details: [{ '@type': type, errorCode: fcmCode }] };
  return json(code, { error: { code, message, status, ...details } }, headers);
};

/** As https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests tells it. */
function takesAssertion({ method, path, headers, body }: FakeRequest, audience: string): boolean {
  if (method !== 'POST' || path !== '/token') return false;
  if (headers['content-type'] !== 'application/x-www-form-urlencoded') return false;
  const form = new URLSearchParams(body.toString());
  if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return false;
  const [head = '', claims = '', signature = ''] = form.get('assertion')?.split('.') ?? [];
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  const { alg, kid, typ } = read(head);
  const { iss, scope, aud, iat, exp } = read(claims);
  const now = Date.now() / 1000;
  return (
    alg === 'RS256' &&
    typ === 'JWT' &&
    kid === KEY_ID &&
    iss === EMAIL &&
    scope === 'https://www.googleapis.com/auth/firebase.messaging' &&
    aud === audience &&
    iat <= now &&
    exp > now &&
    exp - iat <= 3600 &&
    verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))
  );
}

const account = {
  project_id: PROJECT,
  private_key: pem,
  client_email: EMAIL,
};
const wrong = (serviceAccount: string) => ({
  settings: accountSettings('fcm', { serviceAccount }),
  names: 'PROVIDER_ACCOUNTS fcm.serviceAccount',
});

export const fixture: ConformanceFixture = {
  wrongSettings: [
    wrong('herald-test'),
    wrong(JSON.stringify({ ...account, client_email: undefined })),
    wrong(JSON.stringify({ ...account, private_key: 'hunter2' })),
    wrong(JSON.stringify({ ...account, token_uri: 'nowhere' })),
    {
      settings: accountSettings('fcm', {
        serviceAccount: JSON.stringify(account),
        baseUrl: 'fcm.example.com',
      }),
      names: 'PROVIDER_ACCOUNTS fcm.baseUrl',
    },
  ],
  async start(behaviour) {
    const fake = await startFakeFcm(behaviour);
    return {
      settings: accountSettings('fcm', fake.config),
      secrets: fake.secrets,
      recipient: { address: 'fcm:cXyZ0123456789abcdef:APA91bHerald_test-token' },
      received: async () =>
        fake.messages().map(({ notification, android }) => ({
          ...(notification.title !== undefined && { title: notification.title }),
          body: notification.body,
          ...(android && { idempotencyKey: android.notification.tag }),
        })),
      openConnections: fake.openConnections,
      stop: fake.stop,
    };
  },
};
