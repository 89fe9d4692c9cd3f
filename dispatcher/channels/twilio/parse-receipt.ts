/**
 * Twilio's status callbacks of messages (https://www.twilio.com/docs/messaging/guides/track-outbound-message-status) and
 * of calls (https://www.twilio.com/docs/usage/webhooks/voice-webhooks#call-status-callbacks), signed as
 * https://www.twilio.com/docs/usage/webhooks/webhooks-security lays down.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ParsedReceipts, RawReceipt, Receipt } from '../contract.ts';
import { undelivered } from '../network/undelivered.ts';
import { failureOf } from './classify-answer.ts';

/**
 * @param receiptsUrl the address that Twilio was told to call, where it is known: a proxy may have changed what came.
 */
export function parseTwilioReceipt(
  raw: RawReceipt,
  { authToken, receiptsUrl }: { readonly authToken: string; readonly receiptsUrl?: string | undefined },
): ParsedReceipts {
  const params = new URLSearchParams(raw.body.toString('utf8'));
  const signature = Buffer.from(raw.headers['x-twilio-signature'] ?? '', 'base64');
  const asTold = new URL(receiptsUrl ?? raw.url);
  // What the message added to the address comes back with the request.
  asTold.search = raw.url.search;
  const urls = [raw.url, asTold].flatMap((url) => [url.href, withPort(url)]);
  // Each of them is compared, so that the time taken tells nothing.
  const right = urls.filter((url) => isEqual(twilioSignature(authToken, url, params), signature));
  if (right.length === 0)
    return {
      kind: 'unauthorized',
      message:
        'X-Twilio-Signature does not fit: check the auth token, and receiptsUrl where a proxy stands between.',
    };
  const call = params.has('CallSid');
  const sid = params.get(call ? 'CallSid' : 'MessageSid');
  const status = params.get(call ? 'CallStatus' : 'MessageStatus');
  if (raw.method !== 'POST' || !sid || !status)
    return { kind: 'malformed', message: 'This is not a status callback of a message or a call.' };
  const told = (call ? callKindOf : kindOf)(status, codeOf(params.get('ErrorCode')));
  if (!told) return { kind: 'receipts', receipts: [] };
  const address = params.get('To')?.replace(/^whatsapp:/, '');
  const delivery = raw.url.searchParams.get('delivery');
  return {
    kind: 'receipts',
    receipts: undelivered({
      key: `${sid}:${status}`,
      providerMessageId: sid,
      ...told,
      ...(address && { address }),
      ...(delivery && { delivery }),
    }),
  };
}

/** The signature's bytes: HMAC-SHA1 of the URL and of all parameters, by name, without anything between. */
export const twilioSignature = (authToken: string, url: string, params: URLSearchParams): Buffer =>
  createHmac('sha1', authToken)
    .update(
      [...new Set(params.keys())].sort().reduce(
        (text, name) =>
          text +
          [...new Set(params.getAll(name))]
            .sort()
            .map((value) => name + value)
            .join(''),
        url,
      ),
    )
    .digest();

/** `delivered` and the like; undefined for a step on the way there. */
function kindOf(status: string, code: number | undefined): Pick<Receipt, 'kind' | 'message'> | undefined {
  switch (status) {
    case 'delivered':
      return { kind: 'delivered' };
    case 'read':
      return { kind: 'opened' };
    case 'failed':
    case 'undelivered':
      return failureOf(code);
    case 'canceled':
      return { kind: 'failed', message: 'Twilio: the message was canceled.' };
    default:
      return undefined;
  }
}

/** How a call ended (https://www.twilio.com/docs/voice/api/call-resource#call-status-values); undefined for one that has not. */
function callKindOf(status: string, code: number | undefined): Pick<Receipt, 'kind' | 'message'> | undefined {
  switch (status) {
    // Somebody answered, or a mailbox.
    case 'completed':
      return { kind: 'delivered' };
    case 'busy':
      return { kind: 'failed', message: 'Twilio: the line was busy.' };
    case 'no-answer':
      return { kind: 'failed', message: 'Twilio: nobody answered the call.' };
    case 'canceled':
      return { kind: 'failed', message: 'Twilio: the call was canceled.' };
    case 'failed':
      return failureOf(code, 'could not put the call through');
    default:
      return undefined;
  }
}

const codeOf = (text: string | null): number | undefined =>
  /^\d{1,6}$/.test(text ?? '') ? Number(text) : undefined;

const isEqual = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other);

/** Twilio signs the port of some addresses, which a URL does not write out when it is the protocol's own. */
const withPort = (url: URL): string =>
  url.port === ''
    ? url.href.replace(url.host, `${url.host}:${url.protocol === 'https:' ? 443 : 80}`)
    : url.href;
