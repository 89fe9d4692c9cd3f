import { createECDH, randomBytes } from 'node:crypto';
import webPushLibrary from 'web-push';
import { z } from 'zod';
import { startFakeHttpServer } from '../network/fake-http-server.ts';
import type { ConformanceFixture, ReceivedMessage } from '../testing/fake-provider.ts';
import { decryptPush } from './decrypt-push.ts';

const payload = z.object({ title: z.string().optional(), body: z.string() });
const { publicKey, privateKey } = webPushLibrary.generateVAPIDKeys();
const vapid = {
  VAPID_PUBLIC_KEY: publicKey,
  VAPID_PRIVATE_KEY: privateKey,
  VAPID_SUBJECT: 'mailto:ops@example.com',
};

export const fixture: ConformanceFixture = {
  wrongSettings: [
    { settings: { ...vapid, VAPID_PUBLIC_KEY: 'short' }, names: 'VAPID_PUBLIC_KEY' },
    { settings: { ...vapid, VAPID_PRIVATE_KEY: undefined }, names: 'VAPID_PRIVATE_KEY' },
    { settings: { ...vapid, VAPID_SUBJECT: 'ops@example.com' }, names: 'VAPID_SUBJECT' },
    { settings: { ...vapid, WEBHOOK_ALLOWED_NETWORKS: ['everything'] }, names: 'WEBHOOK_ALLOWED_NETWORKS' },
    {
      settings: { ...vapid, VAPID_PRIVATE_KEY: webPushLibrary.generateVAPIDKeys().privateKey },
      names: 'VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY',
    },
  ],
  async start(behaviour) {
    const keys = createECDH('prime256v1');
    const receiver = { keys, auth: randomBytes(16) };
    const p256dh = keys.generateKeys('base64url');
    const auth = receiver.auth.toString('base64url');
    const server = await startFakeHttpServer(behaviour, ({ headers }) =>
      behaviour === 'refuseEchoingSecrets'
        ? {
            status: 403,
            headers: { location: `/${privateKey}` },
            body: `${headers.authorization} ${privateKey} ${auth}`,
          }
        : { status: 201, headers: { location: '/message/1' } },
    );
    return {
      settings: { ...vapid, WEBHOOK_ALLOWED_NETWORKS: ['127.0.0.1/32'] },
      secrets: [privateKey, auth],
      recipient: { address: `${server.origin}/push/abc`, pushKeys: { p256dh, auth } },
      received: async () =>
        server.requests.map(
          ({ headers, body }): ReceivedMessage => ({
            ...payload.parse(JSON.parse(decryptPush(body, receiver))),
            idempotencyKey: String(headers.topic),
          }),
        ),
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};
