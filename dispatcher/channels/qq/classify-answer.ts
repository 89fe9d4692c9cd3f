/** What answers of the QQ bot API mean (https://bot.q.qq.com/wiki/develop/api-v2/openapi/error/error.html). */
import { z } from 'zod';
import type { MadeToken, TokenAttempt } from '../network/access-token.ts';
import {
  addressGone,
  addressInvalid,
  limited,
  misconfigured,
  notForRecipient,
  outcomeOfRule,
  rejected,
  unauthorized,
  unavailable,
  type VendorRule,
} from '../network/vendor-errors.ts';
import { jsonOf, notUnderstood, outcomeOfStatus, type VendorAnswer } from '../network/vendor-http.ts';

const NAME = 'QQ';

/** Of one user, group or channel: others still get messages. */
const limitedHere = (says: string): VendorRule => ({
  kind: 'retryable',
  code: 'CHANNEL_RATE_LIMITED',
  message: says,
  mayHaveSent: false,
  about: 'recipient',
});
const notAllowedHere = (says: string): VendorRule => notForRecipient(says, 'CHANNEL_ADDRESS_NOT_ALLOWED');

const RULES: Readonly<Record<string, VendorRule>> = {
  10001: unauthorized('has locked the account'),
  10003: addressInvalid('knows no such channel'),
  10004: addressInvalid('knows no such guild'),
  11242: unavailable('could not check the access token'),
  11251: unauthorized('knows no such app id'),
  11252: unavailable('could not check the app’s rights'),
  11253: unauthorized('gives the bot no right to send'),
  11254: unauthorized('has taken away the right to send'),
  11261: unauthorized('misses the app id'),
  11263: unavailable('could not check the guild’s rights'),
  11264: notAllowedHere('says that the guild gave the bot no right to send'),
  11265: unauthorized('has banned the bot'),
  11275: unauthorized('misses the app id'),
  11281: unavailable('could not check the bot’s rights'),
  11282: notAllowedHere('says that the bot is no administrator'),
  12002: rejected('finds the request malformed'),
  20028: limitedHere('limits messages to this channel'),
  22009: limitedHere('limits messages to this user or group'),
  50006: rejected('finds the message empty'),
  50055: rejected('finds the Markdown wrong'),
  50056: rejected('gives the bot no right to Markdown of its own'),
  304003: rejected('does not know the link’s site: it must be registered for the bot'),
  304014: rejected('gives the bot no right to the template'),
  304016: unavailable('could not send the message'),
  304018: misconfigured('wants the bot to be connected to its gateway'),
  304020: rejected('finds the picture too large'),
  304022: limited('takes no messages at this time'),
  304025: rejected('finds the message unfit'),
  304026: notForRecipient('knows no such message to answer'),
  304027: notForRecipient('takes no more answers to that message'),
  304031: notAllowedHere('says that the person takes no direct messages'),
  304032: notAllowedHere('knows no such conversation'),
  304034: notAllowedHere('says that the bot is not in the conversation'),
  304035: limitedHere('limits messages to the channels of a guild'),
  304036: rejected('gives the bot no right to Markdown templates'),
  304045: limitedHere('limits messages to this channel'),
  304046: notAllowedHere('says that the channel takes no messages but answers'),
  304047: limitedHere('limits messages to the channels of a guild'),
  304048: notAllowedHere('says that the guild takes no messages but answers'),
  304049: limitedHere('limits direct messages to this person'),
  304050: limited('limits direct messages a day'),
  304082: unavailable('could not fetch the picture'),
  304083: unavailable('could not convert the picture'),
  610007: notAllowedHere('says that the bot is not in the guild'),
  1100100: limitedHere('limits messages to this user or group'),
  1100101: rejected('finds forbidden words in the message'),
  1100104: addressGone('says that the group is no more'),
  1100301: notAllowedHere('says that the bot is not in the group'),
  1100308: limitedHere('limits messages in this guild'),
};

/** Taken, and looked at by people before they are delivered. */
const AWAITS_AUDIT: readonly number[] = [304023, 304024];

const answerSchema = z.object({
  id: z.string().optional(),
  code: z.number().optional(),
  file_info: z.string().optional(),
});

/** The outcome of a message; `tokenRefused` where the access token was not taken. */
export function classifySendAnswer(answer: VendorAnswer): TokenAttempt {
  const { status } = answer;
  const found = jsonOf(answer.text, answerSchema);
  const code = found?.code;
  if (status === 401)
    return {
      tokenRefused: outcomeOfRule(NAME, code ?? status, unauthorized('does not take its own access token')),
    };
  if (found && code !== undefined && code !== 0) {
    if (AWAITS_AUDIT.includes(code)) return { kind: 'accepted' };
    const rule = RULES[code];
    if (rule) return outcomeOfRule(NAME, code, rule);
    return status >= 400
      ? outcomeOfStatus(NAME, answer, String(code))
      : outcomeOfRule(NAME, code, rejected());
  }
  if (status !== 200) return outcomeOfStatus(NAME, answer);
  return found?.id === undefined
    ? notUnderstood(NAME, status)
    : { kind: 'accepted', providerMessageId: found.id };
}

/** The handle of a picture that was uploaded; undefined where it was not. */
export const uploadedPicture = ({ status, text }: VendorAnswer): string | undefined =>
  status === 200 ? jsonOf(text, answerSchema)?.file_info : undefined;

const tokenSchema = z.object({
  access_token: z.string().optional(),
  expires_in: z.coerce.number().optional(),
  code: z.number().optional(),
});

/** The token of an answer to `getAppAccessToken`, or what its absence amounts to. */
export function classifyTokenAnswer(answer: VendorAnswer): MadeToken {
  const found = jsonOf(answer.text, tokenSchema);
  if (found?.access_token) return { token: found.access_token, expiresInSeconds: found.expires_in ?? 7_200 };
  if (answer.status >= 400) return { failed: outcomeOfStatus(NAME, answer) };
  return {
    failed:
      found?.code === undefined
        ? notUnderstood(NAME, answer.status)
        : outcomeOfRule(NAME, found.code, unauthorized('does not take app id and secret')),
  };
}
