/**
 * What the answers of Vonage's Messages API mean. Its errors are RFC 7807 problems: the fragment of `type` is the
 * code, of https://developer.vonage.com/api-errors/messages (numbers) or https://developer.vonage.com/api-errors (words).
 */
import { z } from 'zod';
import type { Receipt, SendOutcome } from '../contract.ts';
import { jsonOf, notUnderstood, outcomeOfStatus, type VendorAnswer } from '../network/vendor-http.ts';

const accepted = z.object({ message_uuid: z.string().min(1) });
const problem = z.object({ type: z.string() });

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
const CODES: ReadonlyMap<string, readonly [Meaning, string]> = new Map<string, readonly [Meaning, string]>([
  ['unauthorized', ['credentials', 'the credentials are not taken']],
  ['jwt-expired', ['credentials', 'the token has expired: check this machine’s clock']],
  ['jwt-revoked', ['credentials', 'the private key has been revoked']],
  ['forbidden', ['credentials', 'the account may not do this']],
  ['unprovisioned', ['account', 'the account may not use the Messages API']],
  ['account-suspended', ['account', 'the account is suspended']],
  ['low-balance', ['account', 'the account has no credit left']],
  ['throttled', ['wait', 'too many requests']],
  ['1000', ['wait', 'too many messages for the account']],
  ['1010', ['rejected', 'a parameter is missing']],
  ['1020', ['rejected', 'a parameter is wrong']],
  ['1030', ['later', 'an internal error']],
  ['1040', ['wrongAddress', 'the number’s prefix is unknown']],
  ['1050', ['notToThem', 'the number is barred']],
  ['1060', ['account', 'the account is barred']],
  ['1070', ['account', 'the account has no credit left']],
  ['1080', ['account', 'the account may not use this API']],
  ['1090', ['tooLarge', 'the text is too long']],
  ['1100', ['later', 'the message could not be handed on']],
  ['1110', ['credentials', 'the signature is not taken']],
  ['1120', ['account', 'the sender is not allowed']],
  ['1130', ['rejected', 'the time to live is wrong']],
  ['1140', ['account', 'the account may not do this']],
  ['1160', ['notToThem', 'the number is not among those that the account may write to']],
  ['1170', ['wrongAddress', 'the number is not valid']],
  ['1180', ['notToThem', 'the recipient was away']],
  ['1190', ['deadAddress', 'the number is no longer active']],
  ['1210', ['notToThem', 'the carrier takes it for spam']],
  ['1230', ['later', 'a network error']],
  ['1240', ['optedOut', 'the recipient has opted out']],
  ['1241', ['notToThem', 'too many messages to this number']],
  ['1250', ['notToThem', 'there is no route to the number']],
  ['1260', ['notToThem', 'the number could not be reached']],
  ['1280', ['notToThem', 'the carrier has blocked the number']],
]);

/** The outcome of a request. Vonage's own texts repeat parameters: they are left out. */
export function classifyVonageAnswer(answer: VendorAnswer): SendOutcome {
  const { status, text } = answer;
  if (status >= 200 && status < 300) {
    const body = jsonOf(text, accepted);
    return body
      ? { kind: 'accepted', providerMessageId: body.message_uuid }
      : notUnderstood('Vonage', status);
  }
  const code = codeOf(jsonOf(text, problem)?.type);
  const outcome = outcomeOfCode(code, answer);
  if (outcome) return outcome;
  // The answer to an account without credit (https://developer.vonage.com/en/api/messages).
  if (status === 402) return outcomeOfCode('low-balance', answer) ?? notUnderstood('Vonage', status);
  return outcomeOfStatus('Vonage', answer, code && `error ${code}`);
}

/** The code in a problem's type, such as `1120`; undefined for a type that has none. */
export const codeOf = (type: string | undefined): string | undefined =>
  /#([a-z0-9-]{1,40})$/.exec(type ?? '')?.[1];

function outcomeOfCode(
  code: string | undefined,
  { retryAfterMs }: Pick<VendorAnswer, 'retryAfterMs'>,
): SendOutcome | undefined {
  const [meaning, words] = CODES.get(code ?? '') ?? [];
  if (meaning === undefined) return undefined;
  const message = `Vonage: ${words} (error ${code}).`;
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

/** What a message that was not delivered says of its recipient: for the statuses `rejected` and `undeliverable`. */
export function failureOf(code: string | undefined): Pick<Receipt, 'kind' | 'message'> {
  const [meaning, words = 'the message was not delivered'] = CODES.get(code ?? '') ?? [];
  const message = `Vonage: ${words}${code === undefined ? '' : ` (error ${code})`}.`;
  if (meaning === 'wrongAddress' || meaning === 'deadAddress') return { kind: 'bounced', message };
  return { kind: meaning === 'optedOut' ? 'unsubscribed' : 'failed', message };
}
