/** What Twilio's answers mean. Each row's page is https://www.twilio.com/docs/api/errors/<code>. */
import { z } from 'zod';
import type { Receipt, SendOutcome } from '../contract.ts';
import { jsonOf, notUnderstood, outcomeOfStatus, type VendorAnswer } from '../network/vendor-http.ts';

/** Of the message that was made (201), or of the error (4xx and 5xx): https://www.twilio.com/docs/usage/twilios-response */
const answerBody = z.object({
  sid: z.string().optional(),
  status: z.unknown().optional(),
  code: z.number().nullish(),
  error_code: z.number().nullish(),
});

type Meaning =
  | 'credentials'
  | 'account'
  | 'wait'
  | 'later'
  | 'wrongAddress'
  | 'deadAddress'
  | 'optedOut'
  | 'notToThem'
  | 'tooLarge'
  | 'rejected';

/** Error codes, for the answer to a request and for status callbacks alike. */
const CODES: Readonly<Record<number, readonly [Meaning, string]>> = {
  20003: ['credentials', 'the credentials are not taken'],
  20404: ['account', 'there is no such account'],
  20429: ['wait', 'too many requests at once'],
  21211: ['wrongAddress', 'the number is not valid'],
  21212: ['account', 'the sender is not valid'],
  21265: ['wrongAddress', 'the number is a short code'],
  21266: ['wrongAddress', 'the number is the sender’s own'],
  21408: ['notToThem', 'the account may not send to this country'],
  21602: ['rejected', 'the message has no text'],
  21603: ['account', 'the sender is missing'],
  21606: ['account', 'the sender may not send to this number'],
  21608: ['notToThem', 'a trial account sends only to verified numbers'],
  21610: ['optedOut', 'the recipient has opted out'],
  21611: ['wait', 'the sender has too many messages waiting'],
  21612: ['notToThem', 'the sender cannot reach this number'],
  21614: ['wrongAddress', 'the number is not a mobile one'],
  21617: ['tooLarge', 'the text is too long'],
  21635: ['deadAddress', 'the number is a landline'],
  21654: ['rejected', 'contentVariables need a contentSid'],
  21655: ['rejected', 'there is no such content template'],
  21656: ['rejected', 'the variables do not fit the content template'],
  21658: ['tooLarge', 'a part of the message is too long'],
  21659: ['account', 'the sender is not one of Twilio’s'],
  21660: ['account', 'the sender is another account’s'],
  21661: ['account', 'the sender cannot send text messages'],
  21703: ['account', 'the messaging service has no sender for this message'],
  21705: ['account', 'there is no such messaging service'],
  30001: ['wait', 'too many messages are waiting'],
  30002: ['account', 'the account is suspended'],
  30005: ['deadAddress', 'the number is unknown or no longer in service'],
  63001: ['account', 'the channel does not take the account'],
  63002: ['account', 'the channel does not know the sender'],
  63003: ['deadAddress', 'the channel does not know the recipient'],
  63007: ['account', 'the channel does not know the sender'],
  63008: ['account', 'the channel is not set up'],
  63010: ['later', 'the channel has an internal error'],
  63012: ['later', 'the channel has an internal error'],
  63013: ['rejected', 'the message is against the channel’s policy'],
  63014: ['optedOut', 'the recipient has blocked the sender'],
  63016: [
    'notToThem',
    'outside the 24 hours after a recipient’s message, WhatsApp takes only templates (data.twilio.contentSid)',
  ],
  63017: ['wait', 'too many messages a second'],
  63018: ['wait', 'too many messages for the channel'],
  63021: ['rejected', 'the channel does not take the content'],
  63024: ['deadAddress', 'the channel does not know the recipient'],
  63027: ['rejected', 'there is no such template in this language'],
  63028: ['rejected', 'the number of variables does not fit the template'],
  63038: ['wait', 'the account has sent all messages that a day allows'],
};

/** The outcome of a request to the Messages resource. Twilio's own texts repeat numbers and parameters: they are left out. */
export function classifyTwilioAnswer(answer: VendorAnswer): SendOutcome {
  const { status } = answer;
  const body = jsonOf(answer.text, answerBody);
  if (status >= 200 && status < 300) {
    if (body?.sid === undefined) return notUnderstood('Twilio', status);
    const failed = body.status === 'failed' && body.error_code != null;
    return (
      (failed && outcomeOfCode(body.error_code, answer)) || { kind: 'accepted', providerMessageId: body.sid }
    );
  }
  const code = body?.code ?? undefined;
  return (
    (code !== undefined && outcomeOfCode(code, answer)) ||
    outcomeOfStatus('Twilio', answer, code === undefined ? undefined : `error ${code}`)
  );
}

function outcomeOfCode(
  code: number | null | undefined,
  { retryAfterMs }: Pick<VendorAnswer, 'retryAfterMs'>,
): SendOutcome | undefined {
  const [meaning, words] = CODES[code ?? 0] ?? [];
  if (meaning === undefined) return undefined;
  const message = `Twilio: ${words} (error ${code}).`;
  switch (meaning) {
    case 'credentials':
      return { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED', message };
    case 'account':
      return { kind: 'permanent', code: 'CHANNEL_MISCONFIGURED', message };
    case 'wait':
      return { kind: 'rateLimited', message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    case 'later':
      return { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', message, mayHaveSent: false };
    case 'wrongAddress':
      return { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_INVALID', message };
    case 'deadAddress':
      return { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE', message };
    case 'optedOut':
    case 'notToThem':
      return { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED', message, about: 'recipient' };
    case 'tooLarge':
      return { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE', message };
    case 'rejected':
      return { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED', message };
  }
}

/** What a message that was not delivered says of its recipient: for status callbacks `failed` and `undelivered`. */
export function failureOf(code: number | undefined): Pick<Receipt, 'kind' | 'message'> {
  const [meaning, words = 'the message was not delivered'] = CODES[code ?? 0] ?? [];
  const message = `Twilio: ${words}${code === undefined ? '' : ` (error ${code})`}.`;
  if (meaning === 'wrongAddress' || meaning === 'deadAddress') return { kind: 'bounced', message };
  return { kind: meaning === 'optedOut' ? 'unsubscribed' : 'failed', message };
}
