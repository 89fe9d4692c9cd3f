/** EMAIL by Mailgun (https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages). */
import { z } from 'zod';
import type { Provider, ProviderDefinition } from '../contract.ts';
import { senderOf, senderSchema } from '../network/mail-address.ts';
import { mailParts, tooLarge } from '../network/mail-parts.ts';
import { baseUrlSchema, createVendorHttp, unwell } from '../network/vendor-http.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { classifyMailgunAnswer } from './classify-answer.ts';
import { parseMailgunReceipts } from './receipts.ts';
import { mailgunPart, requestForm } from './request-form.ts';

/** "The maximum message size Mailgun supports is 25MB." */
const MAX_BYTES = 25_000_000;

const config = z.object({
  apiKey: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, 'must be an API key, or a domain sending key')
    .meta({ title: 'API key', description: 'Or a domain sending key', secret: true }),
  domain: z
    .string()
    .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i, 'must be a domain')
    .meta({ title: 'Domain', description: 'The sending domain at Mailgun' }),
  from: senderSchema,
  webhookSigningKey: z
    .string()
    .min(16)
    .optional()
    .meta({ title: 'Webhook signing key', description: 'Receipts need it', secret: true }),
  testMode: z
    .boolean()
    .default(false)
    .meta({ title: 'Test mode', description: 'Mailgun takes messages and delivers none' }),
  baseUrl: baseUrlSchema('https://api.mailgun.net'),
});

export const mailgun = {
  id: 'mailgun',
  name: 'Mailgun',
  channels: ['EMAIL'],
  config,
  capabilities: { idempotent: false, html: true, receipts: true },
  limits: {},
  create({ apiKey, domain, from, webhookSigningKey, testMode, baseUrl }, { now }): Provider {
    const http = createVendorHttp({ name: 'Mailgun', baseUrl, now });
    const sender = senderOf(from);
    const authorization = `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`;
    const path = `/v3/${domain}/messages`;
    return {
      async send(message, { idempotencyKey, signal }) {
        const parts = await mailParts(message);
        if ('wrong' in parts) return parts.wrong;
        const own = vendorPart(message, 'mailgun', mailgunPart);
        if ('wrong' in own) return own.wrong;
        const large = tooLarge(parts.mail, 'Mailgun', MAX_BYTES);
        if (large) return large;
        const form = await requestForm(parts.mail, {
          from: sender,
          idempotencyKey,
          delivery: message.delivery,
          part: own.part,
          testMode,
        });
        const attempted = await http.request({
          path,
          headers: { authorization, 'content-type': form.contentType },
          body: form.body,
          signal,
        });
        return 'failed' in attempted ? attempted.failed : classifyMailgunAnswer(attempted.answer, now());
      },
      /**
       * A domain sending key may only send, so the question is a message without anything: that it lacks its
       * parameters (400) is told to those alone whose key and domain are good.
       */
      async health(signal) {
        const attempted = await http.request({
          path,
          headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
          body: '',
          signal,
        });
        if ('failed' in attempted) return unwell(attempted.failed);
        return attempted.answer.status === 400
          ? { ok: true }
          : unwell(classifyMailgunAnswer(attempted.answer, now()));
      },
      parseReceipts: async (raw) => parseMailgunReceipts(raw, webhookSigningKey, now()),
      close: () => http.close(),
    };
  },
} satisfies ProviderDefinition<typeof config>;
