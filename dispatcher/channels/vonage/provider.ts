/**
 * SMS through Vonage's Messages API (https://developer.vonage.com/en/api/messages), VOICE through its Voice API
 * (https://developer.vonage.com/en/api/voice).
 */
import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { z } from 'zod';
import type { Provider, ProviderDefinition } from '../contract.ts';
import { MAX_SPOKEN_CHARS } from '../network/phone-call.ts';
import { isPhoneNumber, NO_PHONE_NUMBER } from '../network/phone-number.ts';
import { baseUrlSchema, createVendorHttp } from '../network/vendor-http.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { callRequest } from './call-request.ts';
import { classifyVonageAnswer } from './classify-answer.ts';
import { parseVonageReceipt } from './parse-receipt.ts';
import { smsRequest, vonagePart } from './sms-request.ts';

const fields = z.object({
  applicationId: z.uuid('must be a UUID').meta({ title: 'Application ID' }),
  privateKey: z
    .string()
    .refine((pem) => rsaKey(pem) !== undefined, 'must be an RSA private key in PEM')
    .meta({ title: 'Private key', description: 'Of the application, PEM', secret: true }),
  signatureSecret: z
    .string()
    .min(1)
    .optional()
    .meta({ title: 'Signature secret', description: 'Proves that receipts are Vonage’s', secret: true }),
  from: z
    .string()
    .refine(
      (value) => /^\+?\d{3,15}$/.test(value) || /^(?=.*[A-Za-z])[A-Za-z0-9 ]{3,11}$/.test(value),
      'must be a number, or a name of 3 to 11 letters and digits',
    )
    .optional()
    .meta({ title: 'SMS sender' }),
  voiceFrom: z
    .string()
    .refine(isPhoneNumber, 'must be a phone number like +491701234567')
    .optional()
    .meta({ title: 'Number to call from', description: 'One of Vonage’s, linked to the application' }),
  voiceLanguage: z
    .string()
    .regex(/^[a-z]{2,3}(-[A-Z]{2})?$/, 'must be a language like en-US')
    .default('en-US')
    .meta({
      title: 'Language of calls',
      description: 'For messages without one, and those whose language has no voice',
    }),
  receiptsUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ title: 'Receipts', description: 'Public address of /receipts/<account>, called by Vonage' }),
  baseUrl: baseUrlSchema('https://api.nexmo.com'),
});
const config = fields.refine(({ from, voiceFrom }) => from ?? voiceFrom, {
  path: ['from'],
  error: 'a sender is needed: from or voiceFrom',
});

/** A token is used for ten minutes, and would be good for fifteen. */
const TOKEN_USED_MS = 10 * 60_000;
const TOKEN_VALID_S = 15 * 60;

export const vonage = {
  id: 'vonage',
  name: 'Vonage',
  channels: ['SMS', 'VOICE'],
  config,
  capabilities: { idempotent: false, html: false, receipts: true },
  // Of a call; an SMS has less, and says so.
  limits: { bodyChars: MAX_SPOKEN_CHARS },
  serves: ({ from, voiceFrom }) => [
    ...(from === undefined ? [] : (['SMS'] as const)),
    ...(voiceFrom === undefined ? [] : (['VOICE'] as const)),
  ],
  create(settings, { now }): Provider {
    const http = createVendorHttp({ name: 'Vonage', baseUrl: settings.baseUrl, now });
    const token = tokenMaker(settings, now);
    return {
      async send(message, { signal }) {
        if (!isPhoneNumber(message.address)) return NO_PHONE_NUMBER;
        const own = vendorPart(message, 'vonage', vonagePart);
        if ('wrong' in own) return own.wrong;
        const call = message.channel === 'VOICE';
        const made = (call ? callRequest : smsRequest)(message, settings, own.part, now());
        if ('wrong' in made) return made.wrong;
        const result = await http.request({
          path: call ? '/v1/calls' : '/v1/messages',
          headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
          body: JSON.stringify(made.request),
          signal,
        });
        return 'failed' in result ? result.failed : classifyVonageAnswer(result.answer);
      },
      parseReceipts: (raw) => parseVonageReceipt(raw, settings, now()),
      close: () => http.close(),
    };
  },
} satisfies ProviderDefinition<typeof config>;

/** Tokens of the application (https://developer.vonage.com/en/getting-started/concepts/authentication): made here, not asked for. */
function tokenMaker(
  { applicationId, privateKey }: { readonly applicationId: string; readonly privateKey: string },
  now: () => Date,
): () => Promise<string> {
  const key = createPrivateKey(privateKey);
  let made: { readonly token: Promise<string>; readonly until: number } | undefined;
  return () => {
    const at = now().getTime();
    if (!made || made.until <= at) {
      const issuedAt = Math.floor(at / 1000);
      const token = new SignJWT({ application_id: applicationId })
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + TOKEN_VALID_S)
        .setJti(randomUUID())
        .sign(key);
      made = { token, until: at + TOKEN_USED_MS };
    }
    return made.token;
  };
}

function rsaKey(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'rsa' ? key : undefined;
  } catch {
    // No key: that is told by the missing value.
    return undefined;
  }
}
