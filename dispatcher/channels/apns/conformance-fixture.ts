import { generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
} from 'node:http2';
import { jwtVerify } from 'jose';
import { z } from 'zod';
import { httpOrWorse, listening } from '../network/testing/listening.ts';
import { accountSettings, type ConformanceFixture, type FakeBehaviour } from '../testing/fake-provider.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const account = { key: pem, keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ', bundleId: 'example.herald.app' };
const NO_DEVICE = '0'.repeat(64);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const payload = z.object({
  aps: z.object({ alert: z.object({ title: z.string().optional(), body: z.string() }) }),
});

export interface ApnsRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
export interface ApnsReply {
  readonly status: number;
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FakeApns {
  readonly config: typeof account & { readonly baseUrl: string };
  readonly secrets: readonly string[];
  /** As they came, those for health left out. */
  readonly requests: readonly ApnsRequest[];
  /** All connections that there have been. */
  readonly sessions: readonly ServerHttp2Session[];
  openConnections(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * APNs on 127.0.0.1, without TLS.
 * @param reply what it answers to a notification that is as it must be; undefined: nothing.
 */
export async function startFakeApns(
  behaviour: FakeBehaviour,
  reply: (request: ApnsRequest, count: number) => ApnsReply | undefined = () => ({ status: 200 }),
): Promise<FakeApns> {
  const requests: ApnsRequest[] = [];
  const sessions: ServerHttp2Session[] = [];
  const secret = randomBytes(12).toString('base64url');
  const http2 = createHttp2Server();
  http2.on('session', (session) => sessions.push(session));
  http2.on('stream', async (stream, headers) => {
    stream.on('error', () => undefined);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of stream) chunks.push(chunk);
    } catch {
      // It broke off: there is nobody to answer.
      return;
    }
    const request = { headers, body: Buffer.concat(chunks).toString() };
    const forHealth = headers[':path'] === `/3/device/${NO_DEVICE}`;
    if (!forHealth) requests.push(request);
    if (behaviour === 'silentAfterRequest') return;
    const problem = await problemOf(request);
    const answer =
      behaviour === 'refuseEchoingSecrets'
        ? { status: 403, reason: `InvalidProviderToken ${secret} ${pem} ${headers.authorization}` }
        : (problem ?? (forHealth ? BAD_DEVICE : reply(request, requests.length)));
    if (answer === undefined || stream.destroyed) return;
    stream.respond({ ':status': answer.status, 'apns-id': headers['apns-id'], ...answer.headers });
    stream.end(answer.reason === undefined ? undefined : JSON.stringify({ reason: answer.reason }));
  });
  const { port, openConnections, stop } = await listening(httpOrWorse(http2, behaviour), behaviour);
  return {
    // With TLS that nobody answers no request can leave.
    config: {
      ...account,
      baseUrl: `${behaviour === 'silentConnection' ? 'https' : 'http'}://127.0.0.1:${port}`,
    },
    secrets: [secret, pem.split('\n')[1] ?? pem],
    requests,
    sessions,
    openConnections,
    stop,
  };
}

const BAD_DEVICE: ApnsReply = { status: 400, reason: 'BadDeviceToken' };

/** What APNs would say of a request, in the order of Apple's tables; undefined where nothing is wrong with it. */
async function problemOf({ headers, body }: ApnsRequest): Promise<ApnsReply | undefined> {
  if (headers[':method'] !== 'POST') return { status: 405, reason: 'MethodNotAllowed' };
  if (!/^\/3\/device\/[0-9a-f]+$/.test(headers[':path'] ?? '')) return { status: 404, reason: 'BadPath' };
  const [, token] = /^bearer (.+)$/.exec(headers.authorization ?? '') ?? [];
  if (token === undefined) return { status: 403, reason: 'MissingProviderToken' };
  try {
    const { protectedHeader, payload: claims } = await jwtVerify(token, publicKey, {
      algorithms: ['ES256'],
      issuer: account.teamId,
      requiredClaims: ['iat'],
      maxTokenAge: '1h',
    });
    if (protectedHeader.kid !== account.keyId || claims.exp !== undefined)
      return { status: 403, reason: 'InvalidProviderToken' };
  } catch (error) {
    const expired = error instanceof Error && 'code' in error && error.code === 'ERR_JWT_EXPIRED';
    return { status: 403, reason: expired ? 'ExpiredProviderToken' : 'InvalidProviderToken' };
  }
  if (headers['apns-topic'] !== account.bundleId) return { status: 400, reason: 'TopicDisallowed' };
  if (headers['apns-push-type'] !== 'alert') return { status: 400, reason: 'InvalidPushType' };
  const of = (name: string) => headers[name]?.toString();
  if (!/^(1|5|10)$/.test(of('apns-priority') ?? '10')) return { status: 400, reason: 'BadPriority' };
  if (!/^\d+$/.test(of('apns-expiration') ?? '0')) return { status: 400, reason: 'BadExpirationDate' };
  if (!UUID.test(of('apns-id') ?? '00000000-0000-0000-0000-000000000000'))
    return { status: 400, reason: 'BadMessageId' };
  if (Buffer.byteLength(of('apns-collapse-id') ?? '') > 64) return { status: 400, reason: 'BadCollapseId' };
  if (body === '') return { status: 400, reason: 'PayloadEmpty' };
  if (Buffer.byteLength(body) > 4096) return { status: 413, reason: 'PayloadTooLarge' };
  return payload.safeParse(JSON.parse(body)).success ? undefined : { status: 400, reason: 'PayloadEmpty' };
}

const wrong = (field: string, value: string) => ({
  settings: accountSettings('apns', { ...account, [field]: value }),
  names: `PROVIDER_ACCOUNTS apns.${field}`,
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;

export const fixture: ConformanceFixture = {
  wrongSettings: [
    wrong('key', 'hunter2'),
    wrong('key', rsa.export({ type: 'pkcs8', format: 'pem' }).toString()),
    wrong('keyId', 'short'),
    wrong('teamId', 'not a team'),
    wrong('bundleId', 'two words'),
    wrong('baseUrl', 'api.push.apple.com'),
  ],
  async start(behaviour) {
    const fake = await startFakeApns(behaviour);
    return {
      settings: accountSettings('apns', fake.config),
      secrets: fake.secrets,
      recipient: { address: `apns:${'0a1B'.repeat(16)}` },
      received: async () =>
        fake.requests.map(({ headers, body }) => {
          const { alert } = payload.parse(JSON.parse(body)).aps;
          return {
            ...(alert.title !== undefined && { title: alert.title }),
            body: alert.body,
            idempotencyKey: `${headers['apns-id']} ${headers['apns-collapse-id']}`,
          };
        }),
      openConnections: fake.openConnections,
      stop: fake.stop,
    };
  },
};
