/**
 * What an answer of Mailgun to POST /v3/<domain>/messages means.
 * https://documentation.mailgun.com/docs/mailgun/api-reference/mg-errors (statuses)
 * https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages (answers of sending)
 */
import { z } from 'zod';
import type { SendOutcome } from '../contract.ts';
import { jsonOf, notUnderstood, outcomeOfStatus, type VendorAnswer } from '../network/vendor-http.ts';

const NAME = 'Mailgun';
const accepted = z.object({ id: z.string().min(1).max(500) });
const refused = z.object({ message: z.string() });

export function classifyMailgunAnswer(answer: VendorAnswer): SendOutcome {
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
  if (status === 420) return outcomeOfStatus(NAME, { ...answer, status: 429 });
  return outcomeOfStatus(NAME, answer);
}

/** Webhooks name messages without the angle brackets that the answer has. */
export const bareMessageId = (id: string): string => id.replace(/^<(.*)>$/, '$1');
