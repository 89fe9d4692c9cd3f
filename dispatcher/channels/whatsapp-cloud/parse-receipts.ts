/**
 * Webhooks of the WhatsApp Business Platform
 * (https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint,
 * …/webhooks/reference/messages/status, …/webhooks/reference/user_preferences).
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { ParsedReceipts, RawReceipt, Receipt } from '../contract.ts';
import { undelivered } from '../network/undelivered.ts';
import { jsonOf } from '../network/vendor-http.ts';
import { meaningOf, STOPPED_BY_RECIPIENT } from './error-codes.ts';

const seconds = z.union([z.string().regex(/^\d{1,11}$/), z.int().nonnegative()]);

const status = z.object({
  id: z.string().min(1),
  status: z.string(),
  timestamp: seconds.optional(),
  recipient_id: z.string().optional(),
  /** As it was sent with the message. */
  biz_opaque_callback_data: z.string().optional(),
  errors: z.array(z.object({ code: z.int() })).optional(),
});
const preference = z.object({
  wa_id: z.string(),
  category: z.string().optional(),
  value: z.string(),
  timestamp: seconds.optional(),
});
const payload = z.object({
  object: z.literal('whatsapp_business_account'),
  entry: z.array(
    z.object({
      changes: z.array(
        z.object({
          value: z.object({
            metadata: z.object({ phone_number_id: z.string() }).optional(),
            statuses: z.array(z.unknown()).optional(),
            user_preferences: z.array(z.unknown()).optional(),
          }),
        }),
      ),
    }),
  ),
});

/** What receipts are verified by: of the Meta app. */
export interface ReceiptKeys {
  readonly phoneNumberId: string;
  readonly appSecret?: string | undefined;
  readonly verifyToken?: string | undefined;
}

export function parseWhatsappReceipts(raw: RawReceipt, keys: ReceiptKeys): ParsedReceipts {
  if (raw.method === 'GET') return answerChallenge(raw.url.searchParams, keys.verifyToken);
  if (keys.appSecret === undefined)
    return { kind: 'unauthorized', message: 'The account has no appSecret to verify receipts by.' };
  const expected = `sha256=${createHmac('sha256', keys.appSecret).update(raw.body).digest('hex')}`;
  if (!sameText(raw.headers['x-hub-signature-256'] ?? '', expected))
    return { kind: 'unauthorized', message: 'The signature is not that of the app.' };
  const read = jsonOf(raw.body.toString('utf8'), payload);
  if (!read) return { kind: 'malformed', message: 'The body is not a webhook of WhatsApp.' };
  const receipts = read.entry
    .flatMap(({ changes }) => changes)
    .map(({ value }) => value)
    // One webhook serves all numbers of a business account.
    .filter(({ metadata }) => metadata === undefined || metadata.phone_number_id === keys.phoneNumberId)
    .flatMap(({ statuses = [], user_preferences: preferences = [] }) => [
      ...statuses.flatMap(receiptOfStatus),
      ...preferences.flatMap(receiptOfPreference),
    ]);
  // Meta sends again what is not answered with 200.
  return { kind: 'receipts', receipts, answer: { status: 200 } };
}

/** Meta asks whether the address is ours when it is set; the answer repeats its challenge. */
function answerChallenge(query: URLSearchParams, verifyToken: string | undefined): ParsedReceipts {
  const challenge = query.get('hub.challenge') ?? '';
  if (query.get('hub.mode') !== 'subscribe' || !/^[\w-]{1,200}$/.test(challenge))
    return { kind: 'malformed', message: 'The request is not the one that verifies a webhook.' };
  if (verifyToken === undefined || !sameText(query.get('hub.verify_token') ?? '', verifyToken))
    return { kind: 'unauthorized', message: "The verify token is not the account's." };
  return {
    kind: 'receipts',
    receipts: [],
    answer: { status: 200, contentType: 'text/plain; charset=utf-8', body: challenge },
  };
}

/** Takes as long for any text: what is compared are hashes. */
const sameText = (given: string, expected: string): boolean =>
  timingSafeEqual(
    createHash('sha256').update(given).digest(),
    createHash('sha256').update(expected).digest(),
  );

const KINDS: Readonly<Record<string, Receipt['kind']>> = {
  delivered: 'delivered',
  read: 'opened',
  failed: 'failed',
};

/** None for what tells nothing new (`sent`) or is not understood: a webhook holds several. */
function receiptOfStatus(given: unknown): readonly Receipt[] {
  const { data } = status.safeParse(given);
  const kind = data && Object.hasOwn(KINDS, data.status) ? KINDS[data.status] : undefined;
  if (!data || kind === undefined) return [];
  const code = data.errors?.[0]?.code;
  const words = code === undefined ? undefined : meaningOf(code)?.words;
  return undelivered({
    key: `${data.id}:${data.status}`,
    kind: code === STOPPED_BY_RECIPIENT ? 'unsubscribed' : kind,
    providerMessageId: data.id,
    ...(data.biz_opaque_callback_data !== undefined && { delivery: data.biz_opaque_callback_data }),
    ...addressOf(data.recipient_id),
    ...dateOf(data.timestamp),
    ...(code !== undefined && {
      message: words === undefined ? `WhatsApp: error ${code}.` : `WhatsApp: ${words} (${code}).`,
    }),
  });
}

/**
 * That a person wants no more marketing messages of the business. It names no message, so it is counted only: WhatsApp
 * stops the next of them, and says so (131050). That they want them again is told to nobody here.
 */
function receiptOfPreference(given: unknown): Receipt[] {
  const { data } = preference.safeParse(given);
  if (data?.value !== 'stop') return [];
  return [
    {
      key: `${data.wa_id}:${data.category ?? ''}:stop:${data.timestamp ?? ''}`,
      kind: 'unsubscribed',
      ...addressOf(data.wa_id),
      ...dateOf(data.timestamp),
      message: 'The recipient stopped messages of the business in WhatsApp.',
    },
  ];
}

const addressOf = (id: string | undefined) =>
  id !== undefined && /^\+?[1-9]\d{6,14}$/.test(id) ? { address: `+${id.replace('+', '')}` } : {};

const dateOf = (given: string | number | undefined) =>
  given === undefined ? {} : { at: new Date(Number(given) * 1_000) };
