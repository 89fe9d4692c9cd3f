/**
 * What Twilio's answers mean. Each row's page is https://www.twilio.com/docs/api/errors/<code>; all of them in one are
 * https://www.twilio.com/docs/api/errors/twilio-error-codes.json
 */
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
  10002: misconfigured('says that a trial account may not do this'),
  10004: limited('says that there are too many calls at once'),
  10005: misconfigured('says that the account may not call'),
  20003: unauthorized('says that the credentials are not taken'),
  20005: misconfigured('says that the account is not active'),
  20006: unauthorized('says that the credentials may not do this'),
  20008: unauthorized('says that these are test credentials'),
  20010: misconfigured('says that the account may not do this'),
  20404: misconfigured('says that there is no such account'),
  20429: limited('says that there are too many requests at once'),
  20503: unavailable('says that the service is unavailable'),
  20504: unavailable('has an internal error'),
  21202: notForRecipient('says that the number is a premium one'),
  21203: notForRecipient('says that the account may not call other countries'),
  21210: misconfigured('says that the number to call from is neither Twilio’s nor verified'),
  21211: addressInvalid('says that the number is not valid'),
  21212: misconfigured('says that the sender is not valid'),
  21213: misconfigured('says that the number to call from is missing'),
  21214: notForRecipient('says that the number cannot be reached'),
  21215: notForRecipient('says that the account may not call this country'),
  21216: notForRecipient('has blocked calls to the number'),
  21217: addressInvalid('says that the number is not valid'),
  21219: notForRecipient('says that a trial account calls only verified numbers'),
  21264: misconfigured('says that the sender is not verified'),
  21265: addressInvalid('says that the number is a short code'),
  21266: notForRecipient('says that the number is the sender’s own'),
  21267: misconfigured('says that a trial account has no alphanumeric sender'),
  21268: notForRecipient('says that the number is a premium or information service'),
  21401: addressInvalid('says that the number is not valid'),
  21408: notForRecipient('says that the account may not send to this country'),
  21601: misconfigured('says that the sender cannot send text messages'),
  21602: rejected('says that the message has no text'),
  21603: misconfigured('says that the sender is missing'),
  21606: misconfigured('says that the sender may not send to this number'),
  21607: misconfigured('says that a trial account has another sender'),
  21608: notForRecipient('says that a trial account sends only to verified numbers'),
  21609: misconfigured('says that receiptsUrl is not a URL that it can call'),
  21610: notForRecipient('says that the recipient has opted out'),
  21611: limited('says that the sender has too many messages waiting'),
  21612: notForRecipient('says that the sender cannot reach this number'),
  21614: addressInvalid('says that the number is not a mobile one'),
  21616: misconfigured('says that the sender is more than one number of the account'),
  21617: tooLarge('says that the text is too long'),
  21618: rejected('says that carriers filter this text'),
  21619: rejected('says that the message has no text, media or template'),
  21620: rejected('says that the URL of a picture is not valid'),
  21621: misconfigured('says that the sender cannot send pictures'),
  21622: misconfigured('says that the account cannot send pictures'),
  21623: rejected('says that there are too many pictures'),
  21624: rejected('says that the validity period is not valid'),
  21635: addressGone('says that the number is a landline'),
  21654: rejected('says that contentVariables need a contentSid'),
  21655: rejected('says that there is no such content template'),
  21656: rejected('says that the variables do not fit the content template'),
  21657: misconfigured('says that the sender is not valid'),
  21658: tooLarge('says that a part of the message is too long'),
  21659: misconfigured('says that the sender is not one of Twilio’s'),
  21660: misconfigured('says that the sender is another account’s'),
  21661: misconfigured('says that the sender cannot send text messages'),
  21701: misconfigured('says that there is no such messaging service'),
  21702: misconfigured('says that the messaging service is not available'),
  21703: misconfigured('says that the messaging service has no sender for this message'),
  21704: misconfigured('says that the messaging service has no sender'),
  21705: misconfigured('says that there is no such messaging service'),
  21708: misconfigured('says that the sender is missing'),
  21709: misconfigured('says that the messaging service may not use this sender'),
  21711: misconfigured('says that the sender is none of the messaging service’s'),
  30001: limited('says that too many messages are waiting'),
  30002: misconfigured('says that the account is suspended'),
  // Switched off, or a landline or a carrier that is away: not dead for certain.
  30003: notForRecipient('says that the phone is switched off or cannot be reached'),
  30004: notForRecipient('says that the number is blocked from receiving this message'),
  30005: addressGone('says that the number is unknown or no longer in service'),
  30006: notForRecipient('says that the number is a landline, or its carrier cannot be reached'),
  30007: rejected('says that the carrier filtered the message'),
  30010: rejected('says that the message costs more than it may'),
  30011: notForRecipient('says that the number takes no pictures'),
  30017: unavailable('says that the carrier’s network is congested'),
  30018: misconfigured('says that the carrier asks for a registered sender'),
  30019: tooLarge('says that the message is larger than the carrier takes'),
  30022: limited('says that there are too many messages for this carrier (US A2P 10DLC)'),
  30023: limited('says that the day’s messages for this carrier are used up (US A2P 10DLC)'),
  30024: misconfigured('says that the sender is not set up with the carrier'),
  30027: limited('says that the day’s messages for this carrier are used up (US A2P 10DLC)'),
  30032: misconfigured('says that the toll-free sender is not verified'),
  30033: misconfigured('says that the campaign is suspended (US A2P 10DLC)'),
  30034: misconfigured('says that the sender is not registered (US A2P 10DLC)'),
  30035: misconfigured('says that the sender is still being set up (US A2P 10DLC)'),
  30036: rejected('says that the message waited longer than it is valid'),
  30037: misconfigured('says that the account may not send messages'),
  30038: rejected('says that the message was filtered as a one-time password'),
  30039: rejected('says that the message was filtered, to end a loop'),
  30040: misconfigured('says that the carrier asks for a registered sender'),
  30041: misconfigured('says that the sender is not registered for the United Kingdom'),
  30042: misconfigured('says that the sender is too general a name'),
  30500: unavailable('has an internal error'),
  32005: misconfigured('says that the account may not call'),
  32016: notForRecipient('says that the number gave no answer within a minute'),
  32017: misconfigured('says that the carrier blocks the number to call from'),
  32018: tooLarge('says that the text is too long'),
  63001: misconfigured('says that the channel does not take the account'),
  63002: misconfigured('says that the channel does not know the sender'),
  63003: addressGone('says that the channel does not know the recipient'),
  63005: rejected('says that the channel does not take the content'),
  63006: rejected('says that the content does not fit the channel'),
  63007: misconfigured('says that the channel does not know the sender'),
  63008: misconfigured('says that the channel is not set up'),
  63009: unavailable('says that the channel has an internal error'),
  63010: unavailable('has an internal error'),
  63011: rejected('says that the request is not valid'),
  63012: unavailable('says that the channel has an internal error'),
  63013: rejected('says that the message is against the channel’s policy'),
  63014: notForRecipient('says that the recipient has blocked the sender'),
  63015: notForRecipient('says that the recipient has not joined the sandbox'),
  63016: notForRecipient(
    'says that WhatsApp takes only templates (data.twilio.contentSid) later than 24 hours after a recipient’s message',
  ),
  63017: limited('says that there are too many messages a second'),
  63018: limited('says that there are too many messages for the channel'),
  63019: rejected('says that a picture could not be loaded'),
  63020: misconfigured('says that there is a problem with the account at Meta'),
  63021: rejected('says that the channel does not take the content'),
  63022: misconfigured('says that the sender’s name is not certified'),
  // A number without WhatsApp, but also one whose owner has not agreed to new terms, or has an old app.
  63024: notForRecipient('says that the channel cannot reach the recipient'),
  63026: rejected('says that the channel took the content for spam'),
  63027: rejected('says that there is no such template in this language'),
  63028: rejected('says that the number of variables does not fit the template'),
  63029: notForRecipient('says that the recipient’s app could not load the template'),
  63030: rejected('says that a parameter does not fit the kind of message'),
  63031: notForRecipient('says that the number is the sender’s own'),
  63032: notForRecipient('says that the recipient is part of an experiment of WhatsApp'),
  63033: notForRecipient('says that the recipient wants no marketing messages'),
  63034: tooLarge('says that a picture is too large'),
  63036: notForRecipient('says that the number cannot be reached by RCS'),
  63038: limited('says that the account has sent all messages that a day allows'),
  63040: rejected('says that the template was refused'),
  63041: rejected('says that the template is paused'),
  63042: rejected('says that the template is switched off'),
  63049: notForRecipient('says that Meta keeps the number of marketing messages low'),
  63051: misconfigured('says that the account is locked at Meta'),
  63112: misconfigured('says that the account is switched off at Meta'),
  90010: misconfigured('says that the account is not active'),
};

/** Those by which a recipient has ended the messages. */
const OPTED_OUT: readonly number[] = [21610, 63014, 63033];

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
