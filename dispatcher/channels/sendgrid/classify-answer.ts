/**
 * What an answer of SendGrid to POST /v3/mail/send means.
 * https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/errors (statuses)
 * https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors (fields of a 400)
 */
import { z } from 'zod';
import type { SendOutcome } from '../contract.ts';
import { jsonOf, notUnderstood, outcomeOfStatus, type VendorAnswer } from '../network/vendor-http.ts';

const NAME = 'SendGrid';
const errors = z.object({
  errors: z.array(z.object({ message: z.string(), field: z.string().nullish() })).min(1),
});

/** @param now for waits that are told as a time of day. */
export function classifySendgridAnswer(answer: VendorAnswer, now: Date): SendOutcome {
  const { status, headers = {} } = answer;
  if (status === 202 || status === 200) {
    // 200: sandbox mode, which keeps nothing and gives no id.
    const providerMessageId = headers['x-message-id'];
    return { kind: 'accepted', ...(providerMessageId !== undefined && { providerMessageId }) };
  }
  if (status < 400) return notUnderstood(NAME, status);
  const told = jsonOf(answer.text, errors)?.errors ?? [];
  const about = (pattern: RegExp) => told.some(({ field }) => field != null && pattern.test(field));
  const says = (pattern: RegExp) => told.some(({ message }) => pattern.test(message));

  if (status === 400 && about(/^personalizations\.0\.to\.0\.email$/))
    return {
      kind: 'invalidRecipient',
      code: 'CHANNEL_ADDRESS_INVALID',
      message: 'SendGrid does not take the address for an e-mail address (400).',
    };
  // 403 with this field: the sender is no verified identity.
  if ((status === 400 || status === 403) && about(/^from(\.|$)/))
    return {
      kind: 'permanent',
      code: 'CHANNEL_MISCONFIGURED',
      message: `SendGrid does not take the sender: verify its address or domain there (${status}).`,
    };
  if (status === 400 && about(/^(template_id|asm|ip_pool_name|categories)(\.|$)/))
    return {
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_REJECTED',
      message: 'SendGrid does not know what data.sendgrid names, such as its template (400).',
      about: 'recipient',
    };
  // The plan's e-mails are used up. SendGrid answers 401 to it, as to a wrong key.
  if (status === 401 && says(/maximum credits exceeded/i))
    return {
      kind: 'permanent',
      code: 'CHANNEL_UNAUTHORIZED',
      message: "The e-mails of the account's plan at SendGrid are used up (401).",
    };
  // https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/rate-limits
  if (status === 429) {
    const retryAfterMs = answer.retryAfterMs ?? untilReset(headers['x-ratelimit-reset'], now);
    return outcomeOfStatus(NAME, { status, ...(retryAfterMs !== undefined && { retryAfterMs }) });
  }
  if (status === 451)
    return {
      kind: 'permanent',
      code: 'CHANNEL_MISCONFIGURED',
      message: 'SendGrid keeps this account in another region: its API address is another one (451).',
    };
  return outcomeOfStatus(NAME, answer);
}

/** X-RateLimit-Reset is a time in seconds. */
function untilReset(value: string | undefined, now: Date): number | undefined {
  if (value === undefined || !/^\d{1,11}$/.test(value)) return undefined;
  return Math.max(0, Number(value) * 1_000 - now.getTime());
}
