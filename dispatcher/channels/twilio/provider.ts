/**
 * SMS and WHATSAPP through Twilio's Messages resource (https://www.twilio.com/docs/messaging/api/message-resource), VOICE
 * through its Calls resource (https://www.twilio.com/docs/voice/api/call-resource).
 */
import { z } from 'zod';
import type { Provider, ProviderDefinition } from '../contract.ts';
import { isPhoneNumber, NO_PHONE_NUMBER } from '../network/phone-number.ts';
import { baseUrlSchema, createVendorHttp } from '../network/vendor-http.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { callForm } from './call-form.ts';
import { classifyTwilioAnswer } from './classify-answer.ts';
import { MAX_BODY_CHARS, twilioForm, twilioPart } from './message-form.ts';
import { parseTwilioReceipt } from './parse-receipt.ts';

const phoneNumber = z.string().refine(isPhoneNumber, 'must be a phone number like +491701234567');
const config = z
  .object({
    accountSid: z
      .string()
      .regex(/^AC[0-9a-fA-F]{32}$/, 'must be AC and 32 hexadecimal digits')
      .meta({ title: 'Account SID' }),
    authToken: z
      .string()
      .min(1)
      .meta({ title: 'Auth token', description: 'Also proves that receipts are Twilio’s', secret: true }),
    apiKeySid: z
      .string()
      .regex(/^SK[0-9a-fA-F]{32}$/, 'must be SK and 32 hexadecimal digits')
      .optional()
      .meta({ title: 'API key SID', description: 'Sends with this key instead of the auth token' }),
    apiKeySecret: z.string().min(1).optional().meta({ title: 'API key secret', secret: true }),
    from: z
      .string()
      .refine(
        (value) => isPhoneNumber(value) || /^(\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 +\-_&]{1,11})$/.test(value),
        'must be a phone number like +491701234567, a short code or an alphanumeric sender of at most 11 characters',
      )
      .optional()
      .meta({ title: 'SMS sender' }),
    whatsappFrom: phoneNumber.optional().meta({ title: 'WhatsApp sender' }),
    voiceFrom: phoneNumber.optional().meta({
      title: 'Number to call from',
      description: 'One of Twilio’s, or one that Twilio has verified',
    }),
    voiceLanguage: z
      .string()
      .regex(/^[a-z]{2,3}(-[A-Z]{2})?$/, 'must be a language like en-US')
      .default('en-US')
      .meta({
        title: 'Language of calls',
        description: 'For messages without one, and those whose language has no voice',
      }),
    messagingServiceSid: z
      .string()
      .regex(/^MG[0-9a-fA-F]{32}$/, 'must be MG and 32 hexadecimal digits')
      .optional()
      .meta({ title: 'Messaging service', description: 'Chooses the sender where none is given' }),
    receiptsUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .meta({ title: 'Receipts', description: 'Public address of /receipts/<account>, called by Twilio' }),
    baseUrl: baseUrlSchema('https://api.twilio.com'),
  })
  .refine(
    ({ from, whatsappFrom, voiceFrom, messagingServiceSid }) =>
      from ?? whatsappFrom ?? voiceFrom ?? messagingServiceSid,
    { path: ['from'], error: 'a sender is needed: from, whatsappFrom, voiceFrom or messagingServiceSid' },
  )
  .refine(({ apiKeySid, apiKeySecret }) => (apiKeySid === undefined) === (apiKeySecret === undefined), {
    path: ['apiKeySecret'],
    error: 'apiKeySid and apiKeySecret go together',
  });

export const twilio = {
  id: 'twilio',
  name: 'Twilio',
  channels: ['SMS', 'WHATSAPP', 'VOICE'],
  config,
  capabilities: { idempotent: false, html: false, receipts: true },
  limits: { bodyChars: MAX_BODY_CHARS },
  serves: ({ from, whatsappFrom, voiceFrom, messagingServiceSid }) => [
    ...((from ?? messagingServiceSid) === undefined ? [] : (['SMS'] as const)),
    ...((whatsappFrom ?? messagingServiceSid) === undefined ? [] : (['WHATSAPP'] as const)),
    ...(voiceFrom === undefined ? [] : (['VOICE'] as const)),
  ],
  create(settings, { now }): Provider {
    const { accountSid, authToken, apiKeySid = accountSid, apiKeySecret = authToken } = settings;
    const http = createVendorHttp({ name: 'Twilio', baseUrl: settings.baseUrl, now });
    const authorization = `Basic ${Buffer.from(`${apiKeySid}:${apiKeySecret}`).toString('base64')}`;
    const account = `/2010-04-01/Accounts/${accountSid}`;
    const calls = `${account}/Calls.json`;
    const messages = `${account}/Messages.json`;
    const callsOnly = (settings.from ?? settings.whatsappFrom ?? settings.messagingServiceSid) === undefined;
    return {
      async send(message, { signal }) {
        if (!isPhoneNumber(message.address)) return NO_PHONE_NUMBER;
        const own = vendorPart(message, 'twilio', twilioPart);
        if ('wrong' in own) return own.wrong;
        const call = message.channel === 'VOICE';
        const made = (call ? callForm : twilioForm)(message, settings, own.part, now());
        if ('wrong' in made) return made.wrong;
        const result = await http.request({
          path: call ? calls : messages,
          headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
          body: made.form.toString(),
          signal,
        });
        return 'failed' in result ? result.failed : classifyTwilioAnswer(result.answer);
      },
      async health(signal) {
        // Unlike the account itself, API keys may read it.
        const result = await http.request({
          method: 'GET',
          path: `${callsOnly ? calls : messages}?PageSize=1`,
          headers: { authorization },
          signal,
        });
        if ('answer' in result && result.answer.status === 200) return { ok: true };
        const outcome = 'failed' in result ? result.failed : classifyTwilioAnswer(result.answer);
        return { ok: false, message: 'message' in outcome ? outcome.message : 'Twilio refused.' };
      },
      parseReceipts: async (raw) => parseTwilioReceipt(raw, settings),
      close: () => http.close(),
    };
  },
} satisfies ProviderDefinition<typeof config>;
