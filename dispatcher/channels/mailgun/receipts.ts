/**
 * Mailgun's webhooks: one event each, as JSON.
 * https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads
 * https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { ParsedReceipts, RawReceipt, Receipt } from '../contract.ts';
import { undelivered } from '../network/undelivered.ts';
import { jsonOf } from '../network/vendor-http.ts';
import { bareMessageId } from './classify-answer.ts';

/** Mailgun tries a webhook again for up to 8 hours. */
const MAX_AGE_MS = 9 * 60 * 60_000;

const payload = z.object({
  signature: z.object({
    timestamp: z.union([z.string(), z.number()]).transform(String),
    token: z.string().max(200),
    signature: z.string().max(200),
  }),
  'event-data': z.object({
    event: z.string(),
    id: z.string().min(1).max(200),
    timestamp: z.number().optional(),
    recipient: z.string().max(400).optional(),
    severity: z.string().optional(),
    reason: z.string().optional(),
    message: z
      .object({ headers: z.object({ 'message-id': z.string().max(1_000).optional() }).optional() })
      .optional(),
    'user-variables': z
      .object({ 'herald-delivery': z.string().max(200).optional() })
      .optional()
      .catch(undefined),
    'delivery-status': z
      .object({ code: z.number().nullish(), 'enhanced-code': z.string().nullish() })
      .optional(),
  }),
});
type Payload = z.output<typeof payload>;
type MailgunEvent = Payload['event-data'];

/** @param signingKey none: nothing is believed. */
export function parseMailgunReceipts(
  raw: RawReceipt,
  signingKey: string | undefined,
  now: Date,
): ParsedReceipts {
  if (signingKey === undefined)
    return { kind: 'unauthorized', message: 'The account has no webhook signing key.' };
  const parsed = jsonOf(raw.body.toString('utf8'), payload);
  if (!parsed) return { kind: 'malformed', message: 'The body is no event of Mailgun.' };
  const { signature, 'event-data': event } = parsed;
  if (!isSigned(signature, signingKey))
    return { kind: 'unauthorized', message: 'The signature is not that of the webhook signing key.' };
  if (!(Math.abs(now.getTime() - Number(signature.timestamp) * 1_000) <= MAX_AGE_MS))
    return { kind: 'unauthorized', message: 'The signature is too old.' };
  const receipt = receiptOf(event);
  if (!receipt) return { kind: 'receipts', receipts: [] };
  return { kind: 'receipts', receipts: event.event === 'failed' ? undelivered(receipt) : [receipt] };
}

/** HMAC-SHA256 over time and token, in hex. It does not cover the event: only https does. */
function isSigned({ timestamp, token, signature }: Payload['signature'], key: string): boolean {
  const expected = createHmac('sha256', key).update(`${timestamp}${token}`).digest();
  const given = Buffer.from(signature, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function receiptOf(event: MailgunEvent): Receipt | undefined {
  const kind = kindOf(event);
  if (kind === undefined) return undefined;
  const messageId = event.message?.headers?.['message-id'];
  const delivery = event['user-variables']?.['herald-delivery'];
  const message = messageOf(event, kind);
  return {
    // An id is only promised to be unique within a day.
    key: `${event.id}:${event.timestamp ?? ''}`,
    kind,
    ...(messageId !== undefined && { providerMessageId: bareMessageId(messageId) }),
    ...(delivery !== undefined && { delivery }),
    ...(event.recipient !== undefined && { address: event.recipient }),
    ...(event.timestamp !== undefined && { at: new Date(event.timestamp * 1_000) }),
    ...(message !== undefined && { message }),
  };
}

const KINDS: Readonly<Record<string, Receipt['kind']>> = {
  delivered: 'delivered',
  opened: 'opened',
  clicked: 'clicked',
  complained: 'complained',
  unsubscribed: 'unsubscribed',
  rejected: 'failed',
};
/** What Mailgun knew of the address before it tried. */
const SUPPRESSED: Readonly<Record<string, Receipt['kind']>> = {
  'suppress-bounce': 'bounced',
  'suppress-complaint': 'complained',
  'suppress-unsubscribe': 'unsubscribed',
};

/** Undefined for what says nothing new, such as `accepted`. */
function kindOf({ event, severity, reason = '', ...rest }: MailgunEvent): Receipt['kind'] | undefined {
  if (event !== 'failed') return Object.hasOwn(KINDS, event) ? KINDS[event] : undefined;
  if (severity === 'temporary') return 'deferred';
  if (Object.hasOwn(SUPPRESSED, reason)) return SUPPRESSED[reason];
  const enhanced = rest['delivery-status']?.['enhanced-code'] ?? '';
  // There is no such mailbox, or domain (RFC 3463, 3.2). A bounce that comes later has no other reason than `generic`.
  if (/^5\.1\.(1|2|3|6|10)$/.test(enhanced)) return 'bounced';
  // A wrong sender (5.1.7, 5.1.8), a full mailbox (5.2), a broken system (5.3) or a policy (5.7) says nothing against it.
  return reason === 'bounce' && !/^5\.([237]\.|1\.[78]$)/.test(enhanced) ? 'bounced' : 'failed';
}

/** Texts of other servers stay where they are: only codes go on. */
function messageOf(event: MailgunEvent, kind: Receipt['kind']): string | undefined {
  if (event.event === 'rejected') return 'Mailgun refused the message.';
  if (event.event !== 'failed') return undefined;
  if (Object.hasOwn(SUPPRESSED, event.reason ?? ''))
    return 'Mailgun did not send it: the address is on one of its suppression lists.';
  const { code, 'enhanced-code': enhanced } = event['delivery-status'] ?? {};
  const said = enhanced && /^\d\.\d{1,3}\.\d{1,3}$/.test(enhanced) ? enhanced : code;
  return `The receiving server ${kind === 'deferred' ? 'did not take it yet' : 'refused it'}${said == null ? '' : ` (${said})`}.`;
}
