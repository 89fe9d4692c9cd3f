/**
 * What the answers of Vonage's Messages API and Voice API mean. Its errors are RFC 7807 problems: the fragment of `type` is the
 * code, of https://developer.vonage.com/api-errors/messages (numbers) or https://developer.vonage.com/api-errors (words).
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

/** Of a message, or of a call. */
const accepted = z.union([
  z.object({ message_uuid: z.string().min(1) }),
  z.object({ uuid: z.string().min(1) }),
]);
const problem = z.object({ type: z.string() });

/** Error codes, for the answer to a request and for status callbacks alike. */
const RULES: ReadonlyMap<string, VendorRule> = new Map([
  ['unauthorized', unauthorized('says that the credentials are not taken')],
  ['jwt-expired', unauthorized('says that the token has expired (check this machine’s clock)')],
  ['jwt-revoked', unauthorized('says that the private key has been revoked')],
  ['forbidden', unauthorized('says that the account may not do this')],
  ['unprovisioned', misconfigured('says that the account may not use the Messages API')],
  ['account-suspended', misconfigured('says that the account is suspended')],
  ['low-balance', misconfigured('says that the account has no credit left')],
  ['throttled', limited('says that there are too many requests')],
  ['1000', limited('says that there are too many messages for the account')],
  ['1010', rejected('says that a parameter is missing')],
  ['1020', rejected('says that a parameter is wrong')],
  ['1030', unavailable('says that it had an internal error')],
  ['1040', addressInvalid('says that the number’s prefix is unknown')],
  ['1050', notForRecipient('says that the number is barred')],
  ['1060', misconfigured('says that the account is barred')],
  ['1070', misconfigured('says that the account has no credit left')],
  ['1080', misconfigured('says that the account may not use this API')],
  ['1090', tooLarge('says that the text is too long')],
  ['1100', unavailable('says that the message could not be handed on')],
  ['1110', unauthorized('says that the signature is not taken')],
  ['1120', misconfigured('says that the sender is not allowed')],
  ['1130', rejected('says that the time to live is wrong')],
  ['1140', misconfigured('says that the account may not do this')],
  ['1160', notForRecipient('says that the number is not among those that the account may write to')],
  ['1170', addressInvalid('says that the number is not valid')],
  ['1180', notForRecipient('says that the recipient was away')],
  ['1190', addressGone('says that the number is no longer active')],
  ['1210', notForRecipient('says that the carrier takes it for spam')],
  ['1230', unavailable('says that it had a network error')],
  ['1240', notForRecipient('says that the recipient has opted out')],
  ['1241', notForRecipient('says that there are too many messages to this number')],
  ['1250', notForRecipient('says that there is no route to the number')],
  ['1260', notForRecipient('says that the number could not be reached')],
  ['1280', notForRecipient('says that the carrier has blocked the number')],
]);

/** Those by which a recipient has ended the messages. */
const OPTED_OUT: readonly string[] = ['1240'];

/** The outcome of a request. Vonage's own texts repeat parameters: they are left out. */
export function classifyVonageAnswer(answer: VendorAnswer): SendOutcome {
  const { status, text } = answer;
  if (status >= 200 && status < 300) {
    const body = jsonOf(text, accepted);
    return body
      ? { kind: 'accepted', providerMessageId: 'uuid' in body ? body.uuid : body.message_uuid }
      : notUnderstood('Vonage', status);
  }
  // 402 is the answer to an account without credit (https://developer.vonage.com/en/api/messages).
  const code = codeOf(jsonOf(text, problem)?.type) ?? (status === 402 ? 'low-balance' : undefined);
  return (
    (code !== undefined && outcomeOfCode(code, answer)) ||
    outcomeOfStatus('Vonage', answer, code && `error ${code}`)
  );
}

/** The code in a problem's type, such as `1120`; undefined for a type that has none. */
export const codeOf = (type: string | undefined): string | undefined =>
  /#([a-z0-9-]{1,40})$/.exec(type ?? '')?.[1];

function outcomeOfCode(
  code: string,
  { retryAfterMs }: Pick<VendorAnswer, 'retryAfterMs'>,
): SendOutcome | undefined {
  const rule = RULES.get(code);
  if (!rule) return undefined;
  return outcomeOfRule(
    'Vonage',
    `error ${code}`,
    rule.kind === 'rateLimited' && retryAfterMs !== undefined ? { ...rule, retryAfterMs } : rule,
  );
}

/** What a message that was not delivered says of its recipient: for the statuses `rejected` and `undeliverable`. */
export function failureOf(code: string | undefined): Pick<Receipt, 'kind' | 'message'> {
  const { kind, message: says } = RULES.get(code ?? '') ?? rejected('could not deliver the message');
  const message = `Vonage ${says}${code === undefined ? '' : ` (error ${code})`}.`;
  if (kind === 'invalidRecipient') return { kind: 'bounced', message };
  return { kind: OPTED_OUT.includes(code ?? '') ? 'unsubscribed' : 'failed', message };
}
