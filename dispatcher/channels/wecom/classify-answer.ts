/** What WeCom's answers mean. Errors come as `errcode` under status 200. */
import { z } from 'zod';
import type { SendOutcome } from '../contract.ts';
import type { MadeToken, TokenAttempt } from '../network/access-token.ts';
import {
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

const NAME = 'WeCom';

/**
 * https://developer.work.weixin.qq.com/document/path/90313, of which a copy stands in
 * https://github.com/binarywang/WxJava (WxCpErrorMsgEnum): what can be said of `gettoken` and of messages.
 */
const RULES: Readonly<Record<string, VendorRule>> = {
  '-1': unavailable('is busy'),
  40001: unauthorized('does not take the secret'),
  40003: addressInvalid('knows no such member'),
  40008: rejected('does not take messages of this type'),
  40013: unauthorized('knows no such corpid'),
  40031: addressInvalid('knows no such member'),
  40032: rejected('finds the request malformed'),
  40033: rejected('finds characters in the message that it does not take'),
  40035: rejected('finds the request malformed'),
  40063: rejected('finds a field empty'),
  40074: rejected('has no confidential articles'),
  40091: unauthorized('does not take the secret'),
  41002: misconfigured('misses the corpId'),
  41004: misconfigured('misses the corpSecret'),
  40056: misconfigured('knows no such agentId'),
  40058: rejected('finds the request malformed'),
  41009: addressInvalid('knows no such member'),
  41011: misconfigured('misses the agentId'),
  41016: rejected('misses the title'),
  41033: rejected('misses the text of the card'),
  44004: rejected('finds the message empty'),
  45002: tooLarge(),
  45008: rejected('finds too many articles'),
  45009: limited('limits its calls'),
  45033: limited('limits calls at once'),
  46004: addressInvalid('knows no such member'),
  48002: unauthorized('gives the app no right to send'),
  48004: unauthorized('no longer lets the app send'),
  48005: misconfigured('no longer has this API'),
  50002: notForRecipient('does not let the app write to this member'),
  50003: unauthorized('has switched the app off'),
  60011: notForRecipient('does not let the app write to this member'),
  60020: unauthorized('does not take requests from this IP address'),
  60111: addressInvalid('knows no such member'),
  301002: unauthorized('gives the app no right to send'),
  // Not to be told apart: a member who is gone, and an app that was not shown to this one.
  81013: notForRecipient('knows no such member among those who may use the app', 'CHANNEL_ADDRESS_INVALID'),
  82001: notForRecipient('knows no such member among those who may use the app', 'CHANNEL_ADDRESS_INVALID'),
};

/** https://developer.work.weixin.qq.com/document/path/99110, and 90313 */
const ROBOT_RULES: Readonly<Record<string, VendorRule>> = {
  ...RULES,
  // Twenty messages a minute: the robot works again in the next.
  45009: limited('limits a robot to 20 messages a minute', 60_000),
  93000: notForRecipient('knows no such robot', 'CHANNEL_MISCONFIGURED'),
  93004: notForRecipient('says that the robot is switched off', 'CHANNEL_MISCONFIGURED'),
  93008: notForRecipient('says that the robot is not in the group', 'CHANNEL_MISCONFIGURED'),
};

const TOKEN_CODES: readonly number[] = [40014, 42001, 41001];

const answerSchema = z.object({
  errcode: z.number(),
  msgid: z.string().optional(),
  invaliduser: z.string().optional(),
  unlicenseduser: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

/** The outcome of an app's message; `tokenRefused` where the access token was not taken. */
export function classifyAppAnswer(answer: VendorAnswer): TokenAttempt {
  const read = readAnswer(answer);
  if ('outcome' in read) return read.outcome;
  const { errcode, msgid, invaliduser, unlicenseduser } = read.found;
  if (TOKEN_CODES.includes(errcode))
    return {
      tokenRefused: outcomeOfRule(NAME, errcode, unauthorized('does not take its own access token')),
    };
  if (errcode !== 0) return outcomeOfRule(NAME, errcode, RULES[errcode] ?? rejected());
  // One recipient: whoever is named here is the one.
  if (invaliduser) return outcomeOfRule(NAME, 'invaliduser', RULES[81013] ?? rejected());
  if (unlicenseduser)
    return outcomeOfRule(
      NAME,
      'unlicenseduser',
      notForRecipient('has no interface licence for this member', 'CHANNEL_ADDRESS_NOT_ALLOWED'),
    );
  return { kind: 'accepted', ...(msgid && { providerMessageId: msgid }) };
}

/** The token of an answer to `gettoken`, or what its absence amounts to. */
export function classifyTokenAnswer(answer: VendorAnswer): MadeToken {
  const read = readAnswer(answer);
  if ('outcome' in read) return { failed: read.outcome };
  const { errcode, access_token: token, expires_in: expiresInSeconds = 7_200 } = read.found;
  if (errcode !== 0) return { failed: outcomeOfRule(NAME, errcode, RULES[errcode] ?? rejected()) };
  return token ? { token, expiresInSeconds } : { failed: notUnderstood(NAME) };
}

/** The outcome of a message to a group robot. */
export function classifyRobotAnswer(answer: VendorAnswer): SendOutcome {
  const read = readAnswer(answer);
  if ('outcome' in read) return read.outcome;
  const { errcode } = read.found;
  return errcode === 0
    ? { kind: 'accepted' }
    : outcomeOfRule(NAME, errcode, ROBOT_RULES[errcode] ?? rejected());
}

function readAnswer(
  answer: VendorAnswer,
): { readonly found: z.output<typeof answerSchema> } | { readonly outcome: SendOutcome } {
  if (answer.status !== 200) return { outcome: outcomeOfStatus(NAME, answer) };
  const found = jsonOf(answer.text, answerSchema);
  return found ? { found } : { outcome: notUnderstood(NAME, answer.status) };
}
