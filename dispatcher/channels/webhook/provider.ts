/** WEBHOOK: a signed POST to a URL (https://www.standardwebhooks.com). */
import { createHash } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { Provider, ProviderDefinition } from '../contract.ts';
import { createHttpSender } from '../network/http-sender.ts';
import { hostOf, parseHttpTarget } from '../network/http-target.ts';
import { classifyWebhookAnswer } from './classify-answer.ts';
import { webhookBody } from './webhook-body.ts';

const config = z.object({
  signingSecret: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'must be whsec_ followed by base64 of at least 24 bytes')
    .meta({ title: 'Signing secret', secret: true }),
  allowedNetworks: z
    .array(z.union([z.cidrv4(), z.cidrv6()]))
    .default([])
    .meta({ title: 'Allowed networks', description: 'Private networks that webhooks may reach, as CIDRs' }),
});

export const webhook = {
  id: 'webhook',
  name: 'Webhook',
  channels: ['WEBHOOK'],
  config,
  settings: { signingSecret: 'WEBHOOK_SIGNING_SECRET', allowedNetworks: 'WEBHOOK_ALLOWED_NETWORKS' },
  // Receivers drop a second message with the same webhook-id: Standard Webhooks tells them to.
  capabilities: { idempotent: true, html: true },
  limits: {},
  destination: hostOf,
  fromSettings: ({ WEBHOOK_SIGNING_SECRET: signingSecret, WEBHOOK_ALLOWED_NETWORKS: allowedNetworks }) =>
    signingSecret === undefined ? undefined : { signingSecret, allowedNetworks },
  create({ signingSecret, allowedNetworks }, { now }): Provider {
    const http = createHttpSender({ allowedNetworks, plainHttp: 'anywhere' }, now);
    const signer = new Webhook(signingSecret);
    return {
      async send(message, { idempotencyKey, signal }) {
        const target = parseHttpTarget(message.address);
        if ('wrong' in target) return target.wrong;
        const at = now();
        const id = webhookId(idempotencyKey);
        const body = JSON.stringify(webhookBody(message, at));
        const result = await http.post({
          url: target.url,
          headers: {
            'content-type': 'application/json',
            'user-agent': 'Herald',
            'webhook-id': id,
            'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
            'webhook-signature': signer.sign(id, at, body),
          },
          body,
          signal,
        });
        return 'failed' in result ? result.failed : classifyWebhookAnswer(result.answer);
      },
      close: () => http.close(),
    };
  },
} satisfies ProviderDefinition<typeof config>;

/** The idempotency key, or its hash where it has what a header or the signature's dots do not take. */
const webhookId = (idempotencyKey: string): string =>
  /^[\w-]{1,256}$/.test(idempotencyKey)
    ? idempotencyKey
    : createHash('sha256').update(idempotencyKey).digest('base64url');
