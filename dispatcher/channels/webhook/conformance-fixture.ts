import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { startFakeHttpServer } from '../network/fake-http-server.ts';
import type { ConformanceFixture, ReceivedMessage } from '../testing/fake-provider.ts';

const body = z.object({ data: z.object({ title: z.string().optional(), body: z.string() }) });

export const fixture: ConformanceFixture = {
  wrongSettings: [
    { settings: { WEBHOOK_SIGNING_SECRET: 'hunter2' }, names: 'WEBHOOK_SIGNING_SECRET' },
    {
      settings: { WEBHOOK_SIGNING_SECRET: `whsec_${'A'.repeat(32)}`, WEBHOOK_ALLOWED_NETWORKS: ['10.0.0.0'] },
      names: 'WEBHOOK_ALLOWED_NETWORKS',
    },
  ],
  async start(behaviour) {
    const key = randomBytes(24).toString('base64');
    const server = await startFakeHttpServer(behaviour, () =>
      behaviour === 'refuseEchoingSecrets'
        ? {
            status: 401,
            headers: { 'www-authenticate': key, location: `/${key}` },
            body: `bad secret whsec_${key}`,
          }
        : { status: 204 },
    );
    return {
      settings: { WEBHOOK_SIGNING_SECRET: `whsec_${key}`, WEBHOOK_ALLOWED_NETWORKS: ['127.0.0.1/32'] },
      secrets: [key],
      recipient: { address: `${server.origin}/hooks/herald?source=test` },
      received: async () =>
        server.requests.map(({ headers, body: raw }): ReceivedMessage => {
          const verified = new Webhook(key).verify(raw, headers as Record<string, string>);
          const { data } = body.parse(verified);
          return { ...data, idempotencyKey: String(headers['webhook-id']) };
        }),
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};
