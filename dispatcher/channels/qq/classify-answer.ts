/**
 * What answers of the QQ bot API mean (https://bot.q.qq.com/wiki/develop/api-v2/openapi/error/error.html, kept in
 * https://github.com/tencent-connect/bot-docs; on access tokens also https://github.com/tencent-connect/botgo).
 */
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
  11262: unauthorized('does not take this kind of token'),
  11263: unavailable('could not check the guild’s rights'),
  11264: notAllowedHere('says that the guild gave the bot no right to send'),
  11265: unauthorized('has banned the bot'),
  11273: unauthorized('does not take this kind of token'),
  11274: unauthorized('was not given the right by the user'),
  11275: unauthorized('misses the app id'),
  11281: unavailable('could not check the bot’s rights'),
  11282: notAllowedHere('says that the bot is no administrator'),
  11301: rejected('finds a header wrong'),
  11302: rejected('finds a header wrong'),
  11305: unavailable('could not find the guild'),
  11306: unavailable('could not read the guild'),
  12001: unavailable('could not find the ids'),
  12002: rejected('finds the request malformed'),
  12003: unavailable('could not read its own answer'),
  20028: limitedHere('limits messages to this channel'),
  22009: limitedHere('limits messages to this user or group'),
  50006: rejected('finds the message empty'),
  50035: rejected('finds the form wrong'),
  50037: rejected('takes no other content with Markdown'),
  50039: unavailable('could not read the message to answer'),
  50040: rejected('finds the kind of template wrong'),
  50041: rejected('finds a value of the Markdown empty'),
  50042: rejected('finds a list of the Markdown too long'),
  50045: notForRecipient('lets no bot answer its own message'),
  50046: notForRecipient('lets a bot answer only messages that name it'),
  50047: notForRecipient('lets a bot answer only messages that name it'),
  50048: rejected('misses the message to answer'),
  50054: rejected('finds the parameters of the Markdown template wrong'),
  50055: rejected('finds the Markdown wrong'),
  50056: rejected('gives the bot no right to Markdown of its own'),
  50057: rejected('takes Markdown of its own or a template, not both'),
  301001: unavailable('could not read the guild'),
  301002: notAllowedHere('could not read the channel’s rights'),
  301005: unavailable('could not ask for the channel’s rights'),
  301006: notAllowedHere('says that the bot is not in the guild'),
  304003: rejected('does not know the link’s site: it must be registered for the bot'),
  304006: unavailable('is misconfigured itself'),
  304007: unavailable('could not read the guild'),
  304008: unavailable('could not read the bot'),
  304009: unavailable('could not read the channel'),
  304010: unavailable('could not keep the picture'),
  304011: misconfigured('knows no such template'),
  304012: unavailable('could not read the template'),
  304014: rejected('gives the bot no right to the template'),
  304016: unavailable('could not send the message'),
  304017: unavailable('could not keep the picture'),
  304018: misconfigured('wants the bot to be connected to its gateway'),
  304019: limitedHere('limits mentions of everybody'),
  304020: rejected('finds the picture too large'),
  304021: unavailable('could not fetch the picture'),
  304022: limited('takes no messages at this time'),
  304025: rejected('finds the message unfit'),
  304026: notForRecipient('knows no such message to answer'),
  304027: notForRecipient('takes no more answers to that message'),
  304028: notForRecipient('lets a bot answer only messages that name it'),
  304029: unavailable('could not look at the text'),
  304030: rejected('takes only text that was agreed'),
  304031: notAllowedHere('says that the person takes no direct messages'),
  304032: notAllowedHere('knows no such conversation'),
  304033: notAllowedHere('could not open the conversation'),
  304034: notAllowedHere('says that the bot is not in the conversation'),
  304035: limitedHere('limits messages to the channels of a guild'),
  304036: rejected('gives the bot no right to Markdown templates'),
  304044: unavailable('could not read the guild’s settings for messages'),
  304045: limitedHere('limits messages to this channel'),
  304046: notAllowedHere('says that the channel takes no messages but answers'),
  304047: limitedHere('limits messages to the channels of a guild'),
  304048: notAllowedHere('says that the guild takes no messages but answers'),
  304049: limitedHere('limits direct messages to this person'),
  304050: limited('limits direct messages a day'),
  304082: unavailable('could not fetch the picture'),
  304083: unavailable('could not convert the picture'),
  504002: unavailable('could not read its own headers'),
  504003: unavailable('could not find the bot'),
  504004: unavailable('could not read the limits of messages'),
  610001: unavailable('could not find the guild'),
  610003: unavailable('could not find the bot'),
  610004: unavailable('could not read the bot’s role'),
  610005: unavailable('could not read the bot’s role'),
  610006: unavailable('could not read the bot’s rights'),
  610007: notAllowedHere('says that the bot is not in the guild'),
  610011: unavailable('could not read the bot'),
  610012: limited('could not count its calls'),
  610013: limited('limits its calls'),
  1100100: limitedHere('limits messages to this user or group'),
  1100101: rejected('finds forbidden words in the message'),
  1100102: unauthorized('has not let the bot use this yet'),
  1100103: rejected('finds the message unfit'),
  1100104: addressGone('says that the group is no more'),
  1100300: unavailable('has an error of its own'),
  1100301: notAllowedHere('says that the bot is not in the group'),
  1100302: unavailable('could not read the guild'),
  1100303: notAllowedHere('lets only administrators write there'),
  1100304: rejected('lets the bot mention nobody'),
  1100305: unavailable('could not find the person'),
  1100306: notAllowedHere('says that the bot is not in this private channel'),
  1100307: notAllowedHere('does not let the bot write in this channel'),
  1100308: limitedHere('limits messages in this guild'),
  1100499: unavailable('has an error that it does not name'),
};

/** The access token is missing, wrong or expired: told with status 401, or with others. */
const TOKEN_CODES: readonly number[] = [11241, 11243, 11244];

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
  if (status === 401 || TOKEN_CODES.includes(code ?? 0))
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
