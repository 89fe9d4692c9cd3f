/**
 * Webhooks of Mailchimp Transactional (Mandrill): a batch of events in one form field.
 * https://mailchimp.com/developer/transactional/docs/webhooks/
 * https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/#authenticating-webhook-requests
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { ParsedReceipts, RawReceipt, Receipt } from '../contract.ts';
import { undelivered } from '../network/undelivered.ts';
import { jsonOf } from '../network/vendor-http.ts';

const message = z.object({
  _id: z.string().max(200).optional(),
  email: z.string().max(400).optional(),
  /** Of a rejected one: why. */
  reject: z.object({ reason: z.string().optional() }).nullish(),
  diag: z.string().nullish(),
  /** A list where there is none. */
  metadata: z
    .object({ herald_delivery: z.string().max(200).optional() })
    .optional()
    .catch(undefined),
});
const event = z.object({
  event: z.string(),
  _id: z.string().min(1).max(200),
  ts: z.number(),
  msg: message.optional(),
});
type MandrillEvent = z.output<typeof event>;
const batch = z.array(z.unknown()).max(10_000);

export interface MandrillWebhook {
  /** None: nothing is believed. */
  readonly key: string | undefined;
  /** As it was entered at Mailchimp, where a proxy makes another of it. */
  readonly url: string | undefined;
}

export function parseMandrillReceipts(raw: RawReceipt, webhook: MandrillWebhook): ParsedReceipts {
  const fields = [...new URLSearchParams(raw.body.toString('utf8'))];
  const events = jsonOf(fields.find(([name]) => name === 'mandrill_events')?.[1] ?? '', batch);
  if (!events) return { kind: 'malformed', message: 'The body has no mandrill_events.' };
  // When a webhook is added, Mailchimp asks without an event, signed with a key that everybody knows.
  if (events.length === 0) return { kind: 'receipts', receipts: [], answer: { status: 200 } };
  if (webhook.key === undefined)
    return { kind: 'unauthorized', message: "The account has no key of the webhook's." };
  if (!isSigned(webhook.url ?? raw.url.href, fields, webhook.key, raw.headers['x-mandrill-signature'] ?? ''))
    return {
      kind: 'unauthorized',
      message: "The signature is not that of the webhook's key and address (webhookKey, webhookUrl).",
    };
  return {
    kind: 'receipts',
    receipts: events.flatMap((item) => {
      const parsed = event.safeParse(item);
      const receipt = parsed.success ? receiptOf(parsed.data) : undefined;
      if (!receipt) return [];
      return parsed.data?.event === 'reject' ? undelivered(receipt) : [receipt];
    }),
    answer: { status: 200 },
  };
}

/** HMAC-SHA1, in base64, over the address and then each field's name and value, by name. */
function isSigned(
  url: string,
  fields: readonly (readonly [string, string])[],
  key: string,
  signature: string,
): boolean {
  const sorted = [...fields].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const expected = createHmac('sha1', key)
    .update(url + sorted.map(([name, value]) => name + value).join(''))
    .digest();
  const given = Buffer.from(signature, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function receiptOf(item: MandrillEvent): Receipt | undefined {
  const kind = kindOf(item);
  if (kind === undefined) return undefined;
  const { msg } = item;
  const delivery = msg?.metadata?.herald_delivery;
  const told = messageOf(item);
  return {
    key: `${item.event}:${item._id}:${item.ts}`,
    kind,
    providerMessageId: msg?._id ?? item._id,
    ...(delivery !== undefined && { delivery }),
    ...(msg?.email !== undefined && { address: msg.email }),
    at: new Date(item.ts * 1_000),
    ...(told !== undefined && { message: told }),
  };
}

const KINDS: Readonly<Record<string, Receipt['kind']>> = {
  delivered: 'delivered',
  deferral: 'deferred',
  hard_bounce: 'bounced',
  soft_bounce: 'failed',
  open: 'opened',
  click: 'clicked',
  spam: 'complained',
  unsub: 'unsubscribed',
};
/** What Mailchimp knew of the address before it tried. */
const REJECTED: Readonly<Record<string, Receipt['kind']>> = {
  'hard-bounce': 'bounced',
  invalid: 'bounced',
  spam: 'complained',
  unsub: 'unsubscribed',
};

/** Undefined for what says nothing new, such as `send`, and for lists that change (`blacklist`). */
function kindOf({ event: name, msg }: MandrillEvent): Receipt['kind'] | undefined {
  if (name === 'reject') {
    const reason = msg?.reject?.reason ?? '';
    return Object.hasOwn(REJECTED, reason) ? REJECTED[reason] : 'failed';
  }
  return Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
}

/** Of the receiving server's answer only its status code (RFC 3463) goes on. */
function messageOf({ event: name, msg }: MandrillEvent): string | undefined {
  if (name === 'reject') return 'Mailchimp Transactional did not send it.';
  if (name !== 'hard_bounce' && name !== 'soft_bounce') return undefined;
  const code = /\b[45]\.\d{1,3}\.\d{1,3}\b/.exec(msg?.diag ?? '')?.[0];
  return `The receiving server refused it${code === undefined ? '' : ` (${code})`}.`;
}
