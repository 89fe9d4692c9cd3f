/** WHATSAPP by the Cloud API of Meta (https://developers.facebook.com/documentation/business-messaging/whatsapp). */
import { z } from 'zod';
import type { Provider, ProviderDefinition, SendOutcome } from '../contract.ts';
import { baseUrlSchema, createVendorHttp, healthOf } from '../network/vendor-http.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { classifyWhatsappAnswer, classifyWhatsappHealth } from './classify-answer.ts';
import { phoneNumberOf, TEXT_CHARS, whatsappBody, whatsappPart } from './message-body.ts';
import { parseWhatsappReceipts } from './parse-receipts.ts';

const config = z.object({
  phoneNumberId: z
    .string()
    .regex(/^\d{5,30}$/, 'must be the ID of the phone number (digits), not the number')
    .meta({ title: 'Phone number ID', description: 'WhatsApp Manager > API setup' }),
  accessToken: z
    .string()
    .regex(/^[\w.|-]{20,1000}$/, 'must be an access token of a system user')
    .meta({ title: 'Access token', secret: true }),
  appSecret: z
    .string()
    .regex(/^[\w-]{16,128}$/, 'must be the secret of the Meta app')
    .optional()
    .meta({ title: 'App secret', description: 'Verifies receipts; none are taken without', secret: true }),
  verifyToken: z.string().min(8).max(256).optional().meta({
    title: 'Verify token',
    description: 'As in the webhook of the Meta app, of your choice',
    secret: true,
  }),
  apiVersion: z
    .string()
    .regex(/^v\d{1,3}\.\d$/, 'must be a version of the Graph API, such as v23.0')
    .default('v23.0')
    .meta({ title: 'Version of the Graph API' }),
  baseUrl: baseUrlSchema('https://graph.facebook.com'),
});

const ID = 'whatsapp-cloud';

export const whatsappCloud = {
  id: ID,
  name: 'WhatsApp Cloud API',
  channels: ['WHATSAPP'],
  config,
  capabilities: { idempotent: false, html: false, receipts: true },
  limits: { bodyChars: TEXT_CHARS },
  create({ phoneNumberId, accessToken, appSecret, verifyToken, apiVersion, baseUrl }, { now }): Provider {
    const http = createVendorHttp({ name: 'WhatsApp', baseUrl, now });
    const authorization = `Bearer ${accessToken}`;
    return {
      async send(message, { signal }): Promise<SendOutcome> {
        const to = phoneNumberOf(message.address);
        if (to === undefined) return NO_NUMBER;
        const given = vendorPart(message, ID, whatsappPart);
        if ('wrong' in given) return given.wrong;
        const made = whatsappBody(message, given.part ?? whatsappPart.parse({}), to);
        if ('wrong' in made) return made.wrong;
        const asked = await http.request({
          path: `/${apiVersion}/${phoneNumberId}/messages`,
          headers: { authorization, 'content-type': 'application/json' },
          body: JSON.stringify(made.body),
          signal,
        });
        return 'failed' in asked ? asked.failed : classifyWhatsappAnswer(asked.answer);
      },
      parseReceipts: async (raw) => parseWhatsappReceipts(raw, { phoneNumberId, appSecret, verifyToken }),
      async health(signal) {
        const asked = await http.request({
          method: 'GET',
          path: `/${apiVersion}/${phoneNumberId}?fields=id`,
          headers: { authorization },
          signal,
        });
        return healthOf('failed' in asked ? asked.failed : classifyWhatsappHealth(asked.answer));
      },
      close: () => http.close(),
    };
  },
} satisfies ProviderDefinition<typeof config>;

const NO_NUMBER: SendOutcome = {
  kind: 'invalidRecipient',
  code: 'CHANNEL_ADDRESS_INVALID',
  message: 'The address must be a phone number such as +491701234567.',
};
