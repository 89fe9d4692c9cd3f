/** What Twilio's answers mean. Each row's page is https://www.twilio.com/docs/api/errors/<code>. */
import { z } from 'zod';
import type { Receipt, SendOutcome } from '../contract.ts';
import {
  addressGone,
  addressInvalid,
  limited,
  misconfigured,
  notForRecipient,
  outcomeOfRule,
  rejected,
  tooLarge,
  unauthorized,
  unavailable,
  type VendorRule,
} from '../network/vendor-errors.ts';
import { jsonOf, notUnderstood, outcomeOfStatus, type VendorAnswer } from '../network/vendor-http.ts';

/** Of the message that was made (201), or of the error (4xx and 5xx): https://www.twilio.com/docs/usage/twilios-response */
const answerBody = z.object({
  sid: z.string().optional(),
  status: z.unknown().optional(),
  code: z.number().nullish(),
  error_code: z.number().nullish(),
});

/** Error codes, for the answer to a request and for status callbacks alike. */
const RULES: Readonly<Record<number, VendorRule>> = {
  10001: misconfigured('says that the account is not active'),
  10004: limited('says that there are too many calls at once'),
  10005: misconfigured('says that the account may not call'),
  20003: unauthorized('says that the credentials are not taken'),
  20404: misconfigured('says that there is no such account'),
  20429: limited('says that there are too many requests at once'),
  21210: misconfigured('says that the number to call from is neither Twilio’s nor verified'),
  21211: addressInvalid('says that the number is not valid'),
  21212: misconfigured('says that the sender is not valid'),
  21214: notForRecipient('says that the number cannot be reached'),
  21215: notForRecipient('says that the account may not call this country'),
  21216: notForRecipient('has blocked calls to the number'),
  21217: addressInvalid('says that the number is not valid'),
  21219: notForRecipient('says that a trial account calls only verified numbers'),
  21265: addressInvalid('says that the number is a short code'),
  21266: addressInvalid('says that the number is the sender’s own'),
  21408: notForRecipient('says that the account may not send to this country'),
  21602: rejected('says that the message has no text'),
  21603: misconfigured('says that the sender is missing'),
  21606: misconfigured('says that the sender may not send to this number'),
  21608: notForRecipient('says that a trial account sends only to verified numbers'),
  21610: notForRecipient('says that the recipient has opted out'),
  21611: limited('says that the sender has too many messages waiting'),
  21612: notForRecipient('says that the sender cannot reach this number'),
  21614: addressInvalid('says that the number is not a mobile one'),
  21617: tooLarge('says that the text is too long'),
  21635: addressGone('says that the number is a landline'),
  21654: rejected('says that contentVariables need a contentSid'),
  21655: rejected('says that there is no such content template'),
  21656: rejected('says that the variables do not fit the content template'),
  21658: tooLarge('says that a part of the message is too long'),
  21659: misconfigured('says that the sender is not one of Twilio’s'),
  21660: misconfigured('says that the sender is another account’s'),
  21661: misconfigured('says that the sender cannot send text messages'),
  21703: misconfigured('says that the messaging service has no sender for this message'),
  21705: misconfigured('says that there is no such messaging service'),
  30001: limited('says that too many messages are waiting'),
  30002: misconfigured('says that the account is suspended'),
  30005: addressGone('says that the number is unknown or no longer in service'),
  32018: tooLarge('says that the text is too long'),
  63001: misconfigured('says that the channel does not take the account'),
  63002: misconfigured('says that the channel does not know the sender'),
  63003: addressGone('says that the channel does not know the recipient'),
  63007: misconfigured('says that the channel does not know the sender'),
  63008: misconfigured('says that the channel is not set up'),
  63010: unavailable('says that the channel has an internal error'),
  63012: unavailable('says that the channel has an internal error'),
  63013: rejected('says that the message is against the channel’s policy'),
  63014: notForRecipient('says that the recipient has blocked the sender'),
  63016: notForRecipient(
    'says that WhatsApp takes only templates (data.twilio.contentSid) later than 24 hours after a recipient’s message',
  ),
  63017: limited('says that there are too many messages a second'),
  63018: limited('says that there are too many messages for the channel'),
  63021: rejected('says that the channel does not take the content'),
  63024: addressGone('says that the channel does not know the recipient'),
  63027: rejected('says that there is no such template in this language'),
  63028: rejected('says that the number of variables does not fit the template'),
  63038: limited('says that the account has sent all messages that a day allows'),
};

/** Those by which a recipient has ended the messages. */
const OPTED_OUT: readonly number[] = [21610, 63014];

/** The outcome of a request to the Messages or the Calls resource. Twilio's own texts repeat numbers and parameters: they are left out. */
export function classifyTwilioAnswer(answer: VendorAnswer): SendOutcome {
  const { status } = answer;
  const body = jsonOf(answer.text, answerBody);
  if (status >= 200 && status < 300) {
    if (body?.sid === undefined) return notUnderstood('Twilio', status);
    const failed = body.status === 'failed' ? outcomeOfCode(body.error_code ?? 0, answer) : undefined;
    return failed ?? { kind: 'accepted', providerMessageId: body.sid };
  }
  const code = body?.code ?? undefined;
  return (
    (code !== undefined && outcomeOfCode(code, answer)) ||
    outcomeOfStatus('Twilio', answer, code === undefined ? undefined : `error ${code}`)
  );
}

function outcomeOfCode(
  code: number,
  { retryAfterMs }: Pick<VendorAnswer, 'retryAfterMs'>,
): SendOutcome | undefined {
  const rule = RULES[code];
  if (!rule) return undefined;
  return outcomeOfRule(
    'Twilio',
    `error ${code}`,
    rule.kind === 'rateLimited' && retryAfterMs !== undefined ? { ...rule, retryAfterMs } : rule,
  );
}

/**
 * What a message that was not delivered says of its recipient: for status callbacks `failed` and `undelivered`.
 * @param otherwise what Twilio says, where it gives no code or one that is unknown.
 */
export function failureOf(
  code: number | undefined,
  otherwise = 'could not deliver the message',
): Pick<Receipt, 'kind' | 'message'> {
  const { kind, message: says } = RULES[code ?? 0] ?? rejected(otherwise);
  const message = `Twilio ${says}${code === undefined ? '' : ` (error ${code})`}.`;
  if (kind === 'invalidRecipient') return { kind: 'bounced', message };
  return { kind: OPTED_OUT.includes(code ?? 0) ? 'unsubscribed' : 'failed', message };
}
