/** What DingTalk's answers mean. Errors come as `errcode` under status 200. */
import { z } from 'zod';
import type { SendOutcome } from '../contract.ts';
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

const NAME = 'DingTalk';

/** Codes of the server API, those on messages: https://open.dingtalk.com/document/orgapp/server-api-error-codes-1 */
const APP_RULES: Readonly<Record<string, VendorRule>> = {
  '-1': unavailable('is busy'),
  404: misconfigured('has nothing under this address'),
  33001: unauthorized('knows no such company'),
  33012: addressInvalid('knows no such user'),
  34014: rejected('finds the message malformed'),
  34016: tooLarge(),
  40001: unauthorized(),
  40003: addressInvalid('knows no such user'),
  40013: unauthorized('knows no such company'),
  40031: addressInvalid('knows no such user'),
  40035: rejected('finds the request malformed'),
  40056: misconfigured('knows no such agentId'),
  40067: tooLarge('finds the title too long'),
  40089: unauthorized('does not take appKey and appSecret'),
  41001: unauthorized('misses the access token'),
  41002: unauthorized('misses the company'),
  41004: unauthorized('misses the secret'),
  41009: addressInvalid('misses the user'),
  41011: misconfigured('misses the agentId'),
  41101: tooLarge(),
  43004: misconfigured('does not take the header Content-Type'),
  43007: unauthorized('wants an authorization'),
  43011: unauthorized('wants the company’s authorization'),
  45002: tooLarge(),
  45003: tooLarge('finds the title too long'),
  45004: tooLarge('finds the description too long'),
  45005: tooLarge('finds the link too long'),
  45006: tooLarge('finds the picture’s link too long'),
  45008: tooLarge(),
  45009: limited('limits its calls'),
  46004: addressInvalid('knows no such user'),
  48002: unauthorized('has switched the API off'),
  48004: unauthorized('does not take the authorization'),
  50002: notForRecipient('does not let the app write to this user'),
  50003: unauthorized('says that the app is switched off'),
  50005: unauthorized('says that the company is switched off'),
  52010: unauthorized('knows no such company'),
  52019: misconfigured('knows no such agentId'),
  60011: unauthorized('gives the app no right to send'),
  60020: unauthorized('does not take requests from this IP address'),
  60111: addressInvalid('knows no such user'),
  60120: notForRecipient('says that the user is switched off', 'CHANNEL_ADDRESS_NOT_ALLOWED'),
  60121: addressInvalid('knows no such user'),
  70001: unauthorized('says that the company is no more'),
  70003: misconfigured('knows no such agentId'),
  70004: misconfigured('knows no such agentId'),
  81001: notForRecipient('says that the user is no contact of the sender', 'CHANNEL_ADDRESS_NOT_ALLOWED'),
  81002: notForRecipient('says that the user takes no messages', 'CHANNEL_ADDRESS_NOT_ALLOWED'),
  // https://open.dingtalk.com/document/orgapp/gets-the-result-of-sending-messages-asynchronously-to-the-enterprise
  143103: limited('limits messages a minute'),
  143104: limited('limits messages a minute'),
  143105: notForRecipient('takes no more messages for this user today'),
  143106: notForRecipient('has had the same message for this user today'),
  1430002: rejected('finds forbidden words in the message'),
  1430003: limited(),
  1430004: notForRecipient('protects this user from messages'),
};

/** Tokens that the server API no longer takes; 40001 and 42001 as well as 40014 say so. */
const TOKEN_CODES: readonly string[] = ['40014', '42001', '40001'];

/** Codes of group robots: https://open.dingtalk.com/document/orgapp/custom-robot-access */
const ROBOT_RULES: Readonly<Record<string, VendorRule>> = {
  '-1': unavailable('is busy'),
  40035: rejected('finds the request malformed'),
  43004: misconfigured('does not take the header Content-Type'),
  // Twenty messages a minute: then the robot is silenced for ten minutes.
  130101: limited('limits a robot to 20 messages a minute', 10 * 60_000),
  410100: limited('limits a robot to 20 messages a minute', 10 * 60_000),
  // What follows is about one robot: other groups get their messages.
  300001: notForRecipient('knows no such robot', 'CHANNEL_MISCONFIGURED'),
  310000: notForRecipient(
    'did not pass the message by the robot’s security settings: signature, key word or IP address',
    'CHANNEL_UNAUTHORIZED',
  ),
  400013: notForRecipient('says that the group was dissolved', 'CHANNEL_ADDRESS_GONE'),
  400101: notForRecipient('knows no such robot', 'CHANNEL_MISCONFIGURED'),
  400102: notForRecipient('says that the robot is switched off', 'CHANNEL_MISCONFIGURED'),
  400105: rejected('does not take messages of this type'),
  400106: notForRecipient('says that the robot is not in the group', 'CHANNEL_MISCONFIGURED'),
  430101: rejected('finds an unsafe link in the message'),
  430102: rejected('finds unfit text in the message'),
  430103: rejected('finds an unfit image in the message'),
  430104: rejected('finds the message unfit'),
  460101: tooLarge(),
};

const answerSchema = z.object({
  errcode: z.number(),
  sub_code: z.string().optional(),
  task_id: z.union([z.number(), z.string()]).optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

/** The outcome of a work notification; `tokenRefused` where the access token was not taken. */
export function classifyWorkAnswer(answer: VendorAnswer): SendOutcome | { tokenRefused: SendOutcome } {
  const read = readAnswer(answer);
  if ('outcome' in read) return read.outcome;
  const { code, found } = read;
  const { task_id } = found;
  if (code === '0')
    return { kind: 'accepted', ...(task_id !== undefined && { providerMessageId: String(task_id) }) };
  if (TOKEN_CODES.includes(code))
    return { tokenRefused: outcomeOfRule(NAME, code, unauthorized('does not take its own access token')) };
  return outcomeOfRule(NAME, code, appRule(code));
}

/** The token of an answer to `gettoken`, or what its absence amounts to. */
export function classifyTokenAnswer(
  answer: VendorAnswer,
): { token: string; expiresInSeconds: number } | { failed: SendOutcome } {
  const read = readAnswer(answer);
  if ('outcome' in read) return { failed: read.outcome };
  const { code, found } = read;
  const { access_token: token, expires_in: expiresInSeconds = 7_200 } = found;
  if (code === '0')
    return token === undefined ? { failed: notUnderstood(NAME) } : { token, expiresInSeconds };
  return { failed: outcomeOfRule(NAME, code, appRule(code)) };
}

/** The outcome of a message to a group robot. */
export function classifyRobotAnswer(answer: VendorAnswer): SendOutcome {
  const read = readAnswer(answer);
  if ('outcome' in read) return read.outcome;
  const { code } = read;
  return code === '0' ? { kind: 'accepted' } : outcomeOfRule(NAME, code, ROBOT_RULES[code] ?? rejected());
}

type Read =
  | { readonly outcome: SendOutcome }
  | { readonly code: string; readonly found: z.output<typeof answerSchema> };

function readAnswer(answer: VendorAnswer): Read {
  if (answer.status !== 200) return { outcome: outcomeOfStatus(NAME, answer) };
  const found = jsonOf(answer.text, answerSchema);
  if (!found) return { outcome: notUnderstood(NAME, answer.status) };
  // 88: the reason stands in the sub code.
  return { code: String(found.errcode === 88 ? (found.sub_code ?? 88) : found.errcode), found };
}

/** 90001 to 90018: calls of this server, app or company are suspended for being too many. */
const appRule = (code: string): VendorRule =>
  APP_RULES[code] ??
  (/^900(0[1-9]|1[0-8])$/.test(code) ? limited('suspends calls that are too many') : rejected());
