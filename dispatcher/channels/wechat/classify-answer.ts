/** What WeChat's answers mean. Errors come as `errcode` under status 200. */
import { z } from 'zod';
import type { MadeToken, TokenAttempt } from '../network/access-token.ts';
import {
  addressInvalid,
  limited,
  notForRecipient,
  outcomeOfRule,
  rejected,
  tooLarge,
  unauthorized,
  unavailable,
  type VendorRule,
} from '../network/vendor-errors.ts';
import { jsonOf, notUnderstood, outcomeOfStatus, type VendorAnswer } from '../network/vendor-http.ts';

const NAME = 'WeChat';

/**
 * https://developers.weixin.qq.com/doc/service/guide/dev/error_code.html and
 * https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html
 * (copies in https://github.com/binarywang/WxJava: WxMpErrorMsgEnum, WxMaErrorMsgEnum)
 */
const RULES: Readonly<Record<string, VendorRule>> = {
  '-1': unavailable('is busy'),
  40001: unauthorized('does not take the app secret'),
  40003: addressInvalid('knows no such openid'),
  40013: unauthorized('knows no such app id'),
  40033: rejected('finds characters in the message that it does not take'),
  40035: rejected('finds the request malformed'),
  40036: rejected('knows no such template'),
  40037: rejected('knows no such template'),
  40097: rejected('finds the request malformed'),
  40125: unauthorized('does not take the app secret'),
  40164: unauthorized('does not take requests from this IP address'),
  40243: unauthorized('has frozen the app secret'),
  41002: unauthorized('misses the app id'),
  41004: unauthorized('misses the app secret'),
  41009: addressInvalid('misses the openid'),
  41028: rejected('finds the form expired'),
  41029: rejected('finds the request malformed'),
  41030: rejected('knows no such page'),
  43004: notForRecipient('says that the person does not follow the account', 'CHANNEL_ADDRESS_NOT_ALLOWED'),
  43019: notForRecipient('says that the person was blocked', 'CHANNEL_ADDRESS_NOT_ALLOWED'),
  43101: notForRecipient(
    'says that the person wants no such message, or has had the one allowed',
    'CHANNEL_ADDRESS_NOT_ALLOWED',
  ),
  43107: unauthorized('has taken away the right to send'),
  43108: {
    kind: 'retryable',
    code: 'CHANNEL_RATE_LIMITED',
    message: 'takes one message at a time for a person',
    mayHaveSent: false,
    about: 'recipient',
  },
  43116: rejected('has locked the template for abuse'),
  44002: rejected('finds the request empty'),
  45002: tooLarge(),
  45003: tooLarge('finds the title too long'),
  45004: tooLarge('finds the text too long'),
  45005: tooLarge('finds the link too long'),
  45009: limited('limits its calls a day'),
  45011: limited('limits its calls a minute', 60_000),
  45029: limited('limits its calls'),
  45168: rejected('finds forbidden words in the message'),
  46004: addressInvalid('knows no such openid'),
  47001: rejected('finds the request malformed'),
  47003: rejected('finds a field of the template wrong'),
  48001: unauthorized('gives no right to send'),
  48002: notForRecipient('says that the person takes no messages', 'CHANNEL_ADDRESS_NOT_ALLOWED'),
  48004: unauthorized('has taken away the right to send'),
  48008: unauthorized('gives no right to send such messages'),
  50001: unauthorized('gives no right to send'),
  50002: unauthorized('has locked the account'),
  50004: unauthorized('gives no access tokens'),
  50005: notForRecipient('says that the person does not follow the account', 'CHANNEL_ADDRESS_NOT_ALLOWED'),
  50007: unauthorized('has frozen the account'),
  61004: unauthorized('does not take requests from this IP address'),
  61450: unavailable('has an internal error'),
  87014: rejected('finds forbidden content in the message'),
  89501: unauthorized('waits for an administrator to confirm this IP address'),
  89503: unauthorized('asks an administrator to confirm this IP address'),
  89506: unauthorized('does not take requests from this IP address for a day'),
  89507: unauthorized('does not take requests from this IP address for an hour'),
};

/** Of calls with an access token; 40001: it is not the latest. */
const TOKEN_CODES: readonly number[] = [40001, 40014, 41001, 42001];

const answerSchema = z.object({
  errcode: z.number().default(0),
  msgid: z.union([z.number(), z.string()]).optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

/** The outcome of a message; `tokenRefused` where the access token was not taken. */
export function classifySendAnswer(answer: VendorAnswer): TokenAttempt {
  const found = jsonOf(quoteMsgid(answer.text), answerSchema.required({ errcode: true }));
  if (answer.status !== 200) return outcomeOfStatus(NAME, answer);
  if (!found) return notUnderstood(NAME, answer.status);
  const { errcode, msgid } = found;
  if (TOKEN_CODES.includes(errcode))
    return {
      tokenRefused: outcomeOfRule(NAME, errcode, unauthorized('does not take its own access token')),
    };
  if (errcode !== 0) return outcomeOfRule(NAME, errcode, RULES[errcode] ?? rejected());
  return { kind: 'accepted', ...(msgid !== undefined && { providerMessageId: String(msgid) }) };
}

/** The token of an answer to `stable_token`, or what its absence amounts to. */
export function classifyTokenAnswer(answer: VendorAnswer): MadeToken {
  if (answer.status !== 200) return { failed: outcomeOfStatus(NAME, answer) };
  const found = jsonOf(answer.text, answerSchema);
  if (!found) return { failed: notUnderstood(NAME, answer.status) };
  const { errcode, access_token: token, expires_in: expiresInSeconds = 7_200 } = found;
  if (errcode !== 0) return { failed: outcomeOfRule(NAME, errcode, RULES[errcode] ?? rejected()) };
  return token ? { token, expiresInSeconds } : { failed: notUnderstood(NAME) };
}

/** Message ids have up to 19 digits: as numbers they would be rounded, and meet no receipt. */
const quoteMsgid = (text: string): string => text.replace(/("msgid"\s*:\s*)(\d+)/, '$1"$2"');
