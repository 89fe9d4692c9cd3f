/** EMAIL by Twilio SendGrid (https://www.twilio.com/docs/sendgrid/api-reference/mail-send). */
import { z } from 'zod';
import type { Provider, ProviderDefinition } from '../contract.ts';
import { senderOf, senderSchema } from '../network/mail-address.ts';
import { beyondAscii, mailParts, tooLarge } from '../network/mail-parts.ts';
import { baseUrlSchema, createVendorHttp, jsonOf, outcomeOfStatus, unwell } from '../network/vendor-http.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { classifySendgridAnswer } from './classify-answer.ts';
import { parseSendgridReceipts, verificationKeyOf } from './receipts.ts';
import { requestBody, sendgridPart } from './request-body.ts';

/** "The total size of your email, including attachments, must be less than 30MB." */
const MAX_BYTES = 30_000_000;

const config = z.object({
  apiKey: z
    .string()
    .regex(/^SG\.[\w-]+\.[\w-]+$/, 'must be an API key: SG.….…')
    .meta({ title: 'API key', description: 'With the permission Mail Send', secret: true }),
  from: senderSchema,
  verificationKey: z
    .string()
    .refine((value) => verificationKeyOf(value) !== undefined, 'must be a public key (ECDSA), in base64')
    .optional()
    .meta({ title: 'Verification key', description: 'Of the signed event webhook; receipts need it' }),
  sandbox: z
    .boolean()
    .default(false)
    .meta({ title: 'Sandbox mode', description: 'SendGrid checks messages and sends none' }),
  baseUrl: baseUrlSchema('https://api.sendgrid.com'),
});

const scopes = z.object({ scopes: z.array(z.string()) });

export const sendgrid = {
  id: 'sendgrid',
  name: 'SendGrid',
  channels: ['EMAIL'],
  config,
  capabilities: { idempotent: false, html: true, receipts: true },
  limits: {},
  create({ apiKey, from, verificationKey, sandbox, baseUrl }, { now }): Provider {
    const http = createVendorHttp({ name: 'SendGrid', baseUrl, now });
    const sender = senderOf(from);
    const key = verificationKey === undefined ? undefined : verificationKeyOf(verificationKey);
    const authorization = `Bearer ${apiKey}`;
    return {
      async send(message, { idempotencyKey, signal }) {
        const parts = await mailParts(message);
        if ('wrong' in parts) return parts.wrong;
        const own = vendorPart(message, 'sendgrid', sendgridPart);
        if ('wrong' in own) return own.wrong;
        const wrong = beyondAscii(parts.mail, 'SendGrid') ?? tooLarge(parts.mail, 'SendGrid', MAX_BYTES);
        if (wrong) return wrong;
        const attempted = await http.request({
          path: '/v3/mail/send',
          headers: { authorization, 'content-type': 'application/json' },
          body: JSON.stringify(
            requestBody(parts.mail, {
              from: sender,
              idempotencyKey,
              delivery: message.delivery,
              part: own.part,
              sandbox,
            }),
          ),
          signal,
        });
        return 'failed' in attempted ? attempted.failed : classifySendgridAnswer(attempted.answer, now());
      },
      /** https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions/retrieve-a-list-of-scopes-for-which-this-user-has-access */
      async health(signal) {
        const attempted = await http.request({
          method: 'GET',
          path: '/v3/scopes',
          headers: { authorization },
          signal,
        });
        if ('failed' in attempted) return unwell(attempted.failed);
        const { answer } = attempted;
        const granted = answer.status === 200 ? jsonOf(answer.text, scopes)?.scopes : undefined;
        if (!granted) return unwell(outcomeOfStatus('SendGrid', answer));
        return granted.includes('mail.send')
          ? { ok: true }
          : { ok: false, message: 'The API key may not send e-mails: it lacks the permission Mail Send.' };
      },
      parseReceipts: async (raw) => parseSendgridReceipts(raw, key, now()),
      close: () => http.close(),
    };
  },
} satisfies ProviderDefinition<typeof config>;
