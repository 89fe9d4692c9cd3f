/** EMAIL by Mailchimp Transactional, once Mandrill (https://mailchimp.com/developer/transactional/api/). */
import { z } from 'zod';
import type { Provider, ProviderDefinition } from '../contract.ts';
import { senderOf, senderSchema } from '../network/mail-address.ts';
import { mailParts, tooLarge } from '../network/mail-parts.ts';
import { baseUrlSchema, createVendorHttp, unwell } from '../network/vendor-http.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { classifyMandrillAnswer } from './classify-answer.ts';
import { parseMandrillReceipts } from './receipts.ts';
import { mandrillPart, requestBody } from './request-body.ts';

const NAME = 'Mailchimp Transactional';
/** "Total message size … 25MB", attachments as base64. */
const MAX_BYTES = 25_000_000;

const config = z.object({
  apiKey: z
    .string()
    .regex(/^[\w-]{10,100}$/, 'must be an API key')
    .meta({ title: 'API key', secret: true }),
  from: senderSchema,
  subaccount: z.string().min(1).max(255).optional().meta({ title: 'Subaccount' }),
  webhookKey: z
    .string()
    .min(10)
    .optional()
    .meta({ title: 'Webhook key', description: 'Receipts need it', secret: true }),
  webhookUrl: z
    .url({ protocol: /^https?$/, error: 'must be the URL of the webhook' })
    .optional()
    .meta({
      title: 'Webhook address',
      description: 'As it was entered at Mailchimp, where Herald sees another one',
    }),
  baseUrl: baseUrlSchema('https://mandrillapp.com'),
});

export const mandrill = {
  id: 'mandrill',
  name: NAME,
  channels: ['EMAIL'],
  config,
  capabilities: { idempotent: false, html: true, receipts: true },
  limits: {},
  create({ apiKey, from, subaccount, webhookKey, webhookUrl, baseUrl }, { now }): Provider {
    const http = createVendorHttp({ name: NAME, baseUrl, now });
    const sender = senderOf(from);
    const post = (path: string, body: object, signal: AbortSignal) =>
      http.request({
        path,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal,
      });
    return {
      async send(message, { idempotencyKey, signal }) {
        const parts = await mailParts(message);
        if ('wrong' in parts) return parts.wrong;
        const own = vendorPart(message, 'mandrill', mandrillPart);
        if ('wrong' in own) return own.wrong;
        const large = tooLarge(parts.mail, NAME, MAX_BYTES);
        if (large) return large;
        const { path, body } = requestBody(parts.mail, {
          apiKey,
          from: sender,
          idempotencyKey,
          delivery: message.delivery,
          important: message.priority === 'HIGH',
          subaccount,
          part: own.part,
        });
        const attempted = await post(path, body, signal);
        return 'failed' in attempted ? attempted.failed : classifyMandrillAnswer(attempted.answer);
      },
      /** https://mailchimp.com/developer/transactional/api/users/ping-2/ */
      async health(signal) {
        const attempted = await post('/api/1.0/users/ping2.json', { key: apiKey }, signal);
        if ('failed' in attempted) return unwell(attempted.failed);
        return attempted.answer.status === 200 && attempted.answer.text.includes('PONG!')
          ? { ok: true }
          : unwell(classifyMandrillAnswer(attempted.answer));
      },
      parseReceipts: async (raw) => parseMandrillReceipts(raw, { key: webhookKey, url: webhookUrl }),
      close: () => http.close(),
    };
  },
} satisfies ProviderDefinition<typeof config>;
