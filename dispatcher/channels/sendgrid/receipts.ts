/**
 * SendGrid's Event Webhook: a batch of events as a JSON array.
 * https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
 * https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';
import type { ParsedReceipts, RawReceipt, Receipt } from '../contract.ts';
import { undelivered } from '../network/undelivered.ts';
import { jsonOf } from '../network/vendor-http.ts';

/** SendGrid tries a webhook again for up to 24 hours. */
const MAX_AGE_MS = 25 * 60 * 60_000;

const event = z.object({
  event: z.string(),
  sg_event_id: z.string().min(1).max(200),
  sg_message_id: z.string().max(500).optional(),
  email: z.string().max(320).optional(),
  timestamp: z.number().optional(),
  /** Of a bounce: `bounce`, or `blocked` where the mailbox may well exist. */
  type: z.string().optional(),
  reason: z.string().optional(),
  status: z.string().optional(),
  herald_delivery: z.string().max(200).optional().catch(undefined),
});
type SendgridEvent = z.output<typeof event>;
const batch = z.array(z.unknown()).max(10_000);

/** The key that SendGrid shows: base64 of a SubjectPublicKeyInfo, or the same as PEM. Undefined for anything else. */
export function verificationKeyOf(text: string): KeyObject | undefined {
  const base64 = text.replace(/-----(BEGIN|END) PUBLIC KEY-----/g, '').replace(/\s+/g, '');
  try {
    const key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ec' ? key : undefined;
  } catch {
    // No key at all: the caller says so.
    return undefined;
  }
}

/** @param key none: nothing is believed. */
export function parseSendgridReceipts(
  raw: RawReceipt,
  key: KeyObject | undefined,
  now: Date,
): ParsedReceipts {
  if (!key)
    return {
      kind: 'unauthorized',
      message: 'The account has no verification key for signed event webhooks.',
    };
  const signature = raw.headers['x-twilio-email-event-webhook-signature'];
  const timestamp = raw.headers['x-twilio-email-event-webhook-timestamp'];
  if (signature === undefined || timestamp === undefined || !/^\d{1,11}$/.test(timestamp))
    return { kind: 'unauthorized', message: 'The request carries no signature of SendGrid.' };
  const signed = Buffer.concat([Buffer.from(timestamp), raw.body]);
  if (!verify('sha256', signed, key, Buffer.from(signature, 'base64')))
    return { kind: 'unauthorized', message: 'The signature is not that of the verification key.' };
  if (Math.abs(now.getTime() - Number(timestamp) * 1_000) > MAX_AGE_MS)
    return { kind: 'unauthorized', message: 'The signature is too old.' };
  const events = jsonOf(raw.body.toString('utf8'), batch);
  if (!events) return { kind: 'malformed', message: 'The body is no JSON array of events.' };
  return {
    kind: 'receipts',
    // What is none of those documented is passed over: SendGrid adds kinds of events.
    receipts: events.flatMap((item) => {
      const parsed = event.safeParse(item);
      const receipt = parsed.success ? receiptOf(parsed.data) : undefined;
      if (!receipt) return [];
      return parsed.data?.event === 'dropped' ? undelivered(receipt) : [receipt];
    }),
  };
}

function receiptOf(item: SendgridEvent): Receipt | undefined {
  const kind = kindOf(item);
  if (kind === undefined) return undefined;
  const message = messageOf(item);
  return {
    key: item.sg_event_id,
    kind,
    ...(item.sg_message_id !== undefined && { providerMessageId: sentIdOf(item.sg_message_id) }),
    ...(item.herald_delivery !== undefined && { delivery: item.herald_delivery }),
    ...(item.email !== undefined && { address: item.email }),
    ...(item.timestamp !== undefined && { at: new Date(item.timestamp * 1_000) }),
    ...(message !== undefined && { message }),
  };
}

const KINDS: Readonly<Record<string, Receipt['kind']>> = {
  delivered: 'delivered',
  deferred: 'deferred',
  open: 'opened',
  click: 'clicked',
  spamreport: 'complained',
  unsubscribe: 'unsubscribed',
  group_unsubscribe: 'unsubscribed',
};
/**
 * Why SendGrid did not even try: what it knows of the address. "Invalid SMTPAPI header", "Spam Content" and "Recipient
 * List over Package Quota" say nothing of it.
 */
const DROPPED: readonly (readonly [reason: RegExp, kind: Receipt['kind']])[] = [
  [/bounced address/i, 'bounced'],
  [/^invalid$/i, 'bounced'],
  [/spam reporting address/i, 'complained'],
  [/unsubscribed address/i, 'unsubscribed'],
];

/** Undefined for what says nothing new, such as `processed` and `group_resubscribe`. */
function kindOf({ event: name, type, reason = '' }: SendgridEvent): Receipt['kind'] | undefined {
  if (name === 'bounce') return type === 'blocked' ? 'failed' : 'bounced';
  if (name === 'dropped') return DROPPED.find(([pattern]) => pattern.test(reason))?.[1] ?? 'failed';
  return Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
}

/** SendGrid's `reason` is a text of any server: only the status code (RFC 3463) goes on. */
function messageOf(item: SendgridEvent): string | undefined {
  const { event: name, type, status } = item;
  if (name === 'dropped')
    return kindOf(item) === 'failed'
      ? 'SendGrid did not send it.'
      : 'SendGrid did not send it: the address is on one of its suppression lists.';
  if (name !== 'bounce') return undefined;
  const code = status !== undefined && /^\d\.\d{1,3}\.\d{1,3}$/.test(status) ? ` (${status})` : '';
  return type === 'blocked'
    ? `The receiving server refused this e-mail${code}.`
    : `The receiving server refused the address${code}.`;
}

/** An event names the message by the id that sending gave (X-Message-Id), followed by the server that handled it. */
const sentIdOf = (id: string): string => id.replace(/\.(filter|recvd).*$/, '');
