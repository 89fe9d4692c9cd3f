/**
 * What an answer of Mailgun to POST /v3/<domain>/messages means.
 * https://documentation.mailgun.com/docs/mailgun/api-reference/mg-errors (statuses)
 * https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages (answers of sending)
 * https://github.com/mailgun/documentation/blob/master/source/api-sending.rst#error-codes (their texts)
 */
import { z } from 'zod';
import type { SendOutcome } from '../contract.ts';
import { jsonOf, notUnderstood, outcomeOfStatus, type VendorAnswer } from '../network/vendor-http.ts';
import { parseRetryAfter } from '../retry-after.ts';

const NAME = 'Mailgun';
const accepted = z.object({ id: z.string().min(1).max(500) });
const refused = z.object({ message: z.string() });

/** @param now for waits that are told as a time of day. */
export function classifyMailgunAnswer(answer: VendorAnswer, now: Date): SendOutcome {
  const { status, text } = answer;
  if (status < 400) {
    const id = status === 200 ? jsonOf(text, accepted)?.id : undefined;
    return id === undefined
      ? notUnderstood(NAME, status)
      : { kind: 'accepted', providerMessageId: bareMessageId(id) };
  }
  /** Mailgun has no codes, only texts; they are read here and not passed on. */
  const said = jsonOf(text, refused)?.message ?? '';

  if (status === 400 && /^'?to'? parameter is not a valid address|^'?to'? parameter is missing/i.test(said))
    return {
      kind: 'invalidRecipient',
      code: 'CHANNEL_ADDRESS_INVALID',
      message: 'Mailgun does not take the address for an e-mail address (400).',
    };
  if (status === 400 && /^'?from'? parameter/i.test(said))
    return {
      kind: 'permanent',
      code: 'CHANNEL_MISCONFIGURED',
      message: 'Mailgun does not take the sender (400).',
    };
  // The free plan's sandbox domain sends to people who agreed.
  if ((status === 400 || status === 403) && /authorized recipients|free accounts are for test/i.test(said))
    return {
      kind: 'permanent',
      code: 'CHANNEL_MISCONFIGURED',
      message: `Mailgun sends from a sandbox domain to authorized recipients only (${status}).`,
    };
  if ((status === 400 || status === 403) && /domain .*(unverified|not allowed to send|disabled)/i.test(said))
    return {
      kind: 'permanent',
      code: 'CHANNEL_MISCONFIGURED',
      message: `Mailgun does not send from the domain: it is not verified, or disabled (${status}).`,
    };
  if (status === 403 && /^rejected: ip\b/i.test(said))
    return {
      kind: 'permanent',
      code: 'CHANNEL_MISCONFIGURED',
      message: 'Mailgun does not send from the IP address of the account (403).',
    };
  if (status === 400 && /limited to 16 ?kb/i.test(said))
    return {
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_TOO_LARGE',
      message: 'The options and headers of the message are more than the 16 kB that Mailgun takes (400).',
    };
  if (status === 404)
    return {
      kind: 'permanent',
      code: 'CHANNEL_MISCONFIGURED',
      message:
        'Mailgun does not know the domain: it may be in its other region, with another API address (404).',
    };
  if (status === 402)
    return {
      kind: 'permanent',
      code: 'CHANNEL_UNAUTHORIZED',
      message: "The account's plan at Mailgun does not let it send (402).",
    };
  // 420: "account … is not allowed to send: the hourly limit is reached" in older answers.
  if (status === 429 || status === 420) {
    const retryAfterMs = answer.retryAfterMs ?? waitOf(said, now);
    return outcomeOfStatus(NAME, { status: 429, ...(retryAfterMs !== undefined && { retryAfterMs }) });
  }
  return outcomeOfStatus(NAME, answer);
}

/** "request limit exceeded, try again after Mon, 20 Dec 2021 20:33:21 UTC". */
const waitOf = (said: string, now: Date): number | undefined =>
  parseRetryAfter(/try again after (.+) UTC/i.exec(said)?.[1]?.concat(' GMT'), now);

/** Webhooks name messages without the angle brackets that the answer has. */
export const bareMessageId = (id: string): string => id.replace(/^<(.*)>$/, '$1');
