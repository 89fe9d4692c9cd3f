/**
 * What the answers of Vonage's Messages API and Voice API mean. Its errors are RFC 7807 problems: the fragment of `type` is the
 * code, of https://developer.vonage.com/en/api-errors/messages (numbers) or https://developer.vonage.com/en/api-errors
 * (words).
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
  ['invalid-api-key', unauthorized('says that the credentials are not taken')],
  ['invalid-signature', unauthorized('says that the signature is not taken')],
  ['unprovisioned', misconfigured('says that the account may not use the Messages API')],
  ['account-suspended', misconfigured('says that the account is suspended')],
  ['low-balance', misconfigured('says that the account has no credit left')],
  ['not-found', misconfigured('does not know this address of its API')],
  ['invalid-params', rejected('says that a parameter is wrong')],
  ['throttled', limited('says that there are too many requests')],
  ['1000', limited('says that there are too many messages for the account')],
  ['1010', rejected('says that a parameter is missing')],
  ['1020', rejected('says that a parameter is wrong')],
  ['1021', rejected('says that a tag is wrong')],
  ['1022', rejected('says that the template or its values are wrong')],
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
  ['1150', rejected('says that the message’s class is wrong')],
  ['1160', notForRecipient('says that the number is not among those that the account may write to')],
  ['1170', addressInvalid('says that the number is not valid')],
  ['1180', notForRecipient('says that the recipient was away')],
  ['1190', addressGone('says that the number is no longer active')],
  ['1200', notForRecipient('says that the number has changed its carrier')],
  ['1210', notForRecipient('says that the carrier takes it for spam')],
  ['1220', notForRecipient('says that the phone was busy')],
  ['1230', unavailable('says that it had a network error')],
  ['1240', notForRecipient('says that the recipient has opted out')],
  ['1241', notForRecipient('says that there are too many messages to this number')],
  ['1250', notForRecipient('says that there is no route to the number')],
  ['1251', notForRecipient('says that there is no route to the number')],
  ['1260', notForRecipient('says that the number could not be reached')],
  ['1270', notForRecipient('says that the carrier restricts the content by age')],
  ['1280', notForRecipient('says that the carrier has blocked the number')],
  ['1282', rejected('says that the carrier has blocked the message')],
  ['1290', notForRecipient('says that the recipient’s prepaid account is empty')],
  ['1300', notForRecipient('says that the number is none of the carrier’s')],
  ['1310', notForRecipient('says that the phone cannot receive the message')],
  ['1320', rejected('says that the message was already sent')],
  ['1330', notForRecipient('says that the carrier gave an unknown error')],
  ['1331', unavailable('says that the carrier does not answer')],
  ['1340', notForRecipient('says that the time to answer the recipient is over')],
  ['1350', misconfigured('says that the channel asks for a payment')],
  ['1360', notForRecipient('says that the message expired before it was delivered')],
  ['1370', misconfigured('says that the channel’s token has expired')],
  ['1380', rejected('says that a file cannot be loaded')],
  ['1381', tooLarge('says that a file is too large')],
  ['1382', rejected('says that a file is of a wrong type')],
  ['1400', rejected('says that there is no such channel')],
  ['1410', rejected('says that a parameter of the channel is wrong')],
  ['1420', misconfigured('says that the sender is not valid')],
  ['1430', addressInvalid('says that the number is not valid')],
  ['1440', rejected('says that the channel takes no such message')],
  ['1450', rejected('says that the client reference is too long')],
  ['1451', rejected('says that the message that this one answers is unknown')],
  ['1460', limited('says that the day’s messages are used up')],
  ['1461', notForRecipient('says that the recipient has had too many messages')],
  ['1470', notForRecipient('says that a rule of Fraud Defender blocks the number’s prefix')],
  ['1472', limited('says that there are too many messages (Fraud Defender)')],
  ['1473', notForRecipient('says that Fraud Defender blocks the number')],
  ['1480', rejected('says that the entityId is missing or wrong')],
  ['1481', misconfigured('says that the sender is not registered')],
  ['1482', rejected('says that the contentId is missing or wrong')],
  ['1483', notForRecipient('says that the recipient has not consented')],
  ['1484', rejected('says that a country’s rules are not kept')],
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
