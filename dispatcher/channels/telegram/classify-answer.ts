/**
 * What an answer of the Bot API means. The API documents the form of an error and asks programs not to rely on its
 * texts (https://core.telegram.org/bots/api#making-requests), but tells a dead chat from a wrong message by the text
 * alone. The texts are those of the API's own server, which Telegram publishes
 * (https://github.com/tdlib/telegram-bot-api: Client.cpp; https://github.com/tdlib/td: MessagesManager.cpp,
 * process_send_message_fail_error), and of the list at https://github.com/TelegramBotAPI/errors.
 */
import { z } from 'zod';
import type { SendOutcome } from '../contract.ts';
import { jsonOf, notUnderstood, outcomeOfStatus, type VendorAnswer } from '../network/vendor-http.ts';

const NAME = 'Telegram';

const answerSchema = z.union([
  z.object({
    ok: z.literal(true),
    result: z.object({ message_id: z.int().optional(), chat: z.object({ id: z.int() }).optional() }),
  }),
  z.object({
    ok: z.literal(false),
    error_code: z.int(),
    description: z.string().default(''),
    // https://core.telegram.org/bots/api#responseparameters
    parameters: z
      .object({ retry_after: z.number().nonnegative().optional(), migrate_to_chat_id: z.int().optional() })
      .optional(),
  }),
]);

/** A text of an error and what it means; the first that fits. */
const TEXTS: readonly (readonly [RegExp, SendOutcome])[] = [
  [
    /user is deactivated|group chat was (deleted|deactivated)|group is deactivated|USER_(DELETED|DEACTIVATED)/i,
    gone('The Telegram user or group is no longer there.'),
  ],
  [
    /group chat was upgraded to a supergroup|group chat was migrated/i,
    gone('The Telegram group has become another one, with another id.'),
  ],
  [
    /chat not found|user not found|PEER_ID_INVALID|CHAT_ID_INVALID|CHANNEL_INVALID|chat_id is empty|invalid user_id/i,
    invalid('The bot knows no such chat: its user must have written to it first.'),
  ],
  [/can't send messages to (the )?bots?\b/i, invalid('Telegram bots do not get messages of other bots.')],
  [/blocked by the user/i, unreachable('The user has blocked the bot.')],
  [/can't initiate conversation/i, unreachable('The user has not started the bot.')],
  [
    /bot was kicked|bot is not a member|have no access to|can't access the chat|CHANNEL_(PRIVATE|PUBLIC_GROUP_NA)/i,
    unreachable('The bot is not (or no longer) in the Telegram chat.'),
  ],
  [
    /not enough rights|have no (rights|write access)|CHAT_\w*(FORBIDDEN|RESTRICTED|ADMIN_REQUIRED)|USER_BANNED_IN_CHANNEL|need administrator rights|TOPIC_(CLOSED|DELETED)|message thread not found|forum topic identifier|is not a (supergroup )?forum/i,
    unreachable('The bot may not write in the Telegram chat (or topic).'),
  ],
  [
    /(text|caption|message) is too long|MESSAGE_TOO_LONG|MEDIA_CAPTION_TOO_LONG|entities too long/i,
    {
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_TOO_LARGE',
      message: 'The message is too long for Telegram.',
    },
  ],
  [/ALLOW_PAYMENT_REQUIRED/, unreachable('The Telegram chat takes messages of bots only for a payment.')],
  [
    /can't parse (entities|caption)|ENTITY_BOUNDS_INVALID/i,
    rejected('The markup of the body is not what Telegram takes.'),
  ],
  [/(text|caption) (is |must be non-)empty/i, rejected('Telegram sends no empty messages.')],
  [/BUTTON_|keyboard|reply markup|REPLY_MARKUP_INVALID/i, rejected('Telegram refuses the buttons.')],
];

/** Telegram could not load the picture behind a URL: the message can go without. */
const PICTURE =
  /failed to get HTTP URL content|wrong (HTTP URL|file identifier|file_id|type of the web page content)|PHOTO_|MEDIA_EMPTY|WEBPAGE_|IMAGE_PROCESS_FAILED|photo (must be non-empty|has unsupported extension)|wrong remote file|can't upload file by URL|failed to upload file|file is too big/i;

/** `again`: the same message, otherwise addressed or without its picture, can go in the same attempt. */
export interface ClassifiedTelegramAnswer {
  readonly outcome: SendOutcome;
  readonly again?: { readonly chat: number } | 'withoutPhoto';
}

export function classifyTelegramAnswer(answer: VendorAnswer): ClassifiedTelegramAnswer {
  const parsed = jsonOf(answer.text, answerSchema);
  // A proxy in between speaks no JSON.
  if (!parsed || (parsed.ok && answer.status >= 400))
    return {
      outcome: answer.status >= 400 ? outcomeOfStatus(NAME, answer) : notUnderstood(NAME, answer.status),
    };
  if (parsed.ok) {
    const { message_id: id, chat } = parsed.result;
    const providerMessageId = id === undefined || !chat ? undefined : `${chat.id}:${id}`;
    return { outcome: { kind: 'accepted', ...(providerMessageId !== undefined && { providerMessageId }) } };
  }
  const { error_code: status, description, parameters } = parsed;
  const retryAfterMs =
    parameters?.retry_after === undefined ? answer.retryAfterMs : parameters.retry_after * 1_000;
  // 404 is the answer to a path, and so to a token, that is none; 421 to a token of another server. A frozen bot is one
  // that Telegram has stopped for a violation of its terms.
  if (
    status === 401 ||
    status === 421 ||
    (status === 404 && /^not found$/i.test(description)) ||
    /FROZEN_METHOD_INVALID/.test(description)
  )
    return { outcome: outcomeOfStatus(NAME, { status: 401 }, `error ${status}`) };
  if (status === 429)
    return {
      outcome: outcomeOfStatus(NAME, { status, ...(retryAfterMs !== undefined && { retryAfterMs }) }),
    };
  const known = TEXTS.find(([text]) => text.test(description))?.[1];
  if (known) {
    const moved = parameters?.migrate_to_chat_id;
    return { outcome: known, ...(moved !== undefined && { again: { chat: moved } }) };
  }
  if (PICTURE.test(description))
    return { outcome: rejected('Telegram could not load the picture.'), again: 'withoutPhoto' };
  // A 403 whose text is not known is about the chat: the token is refused by 401.
  if (status === 403) return { outcome: unreachable('The bot may not write to the Telegram chat.') };
  // Some texts are a code; any other could hold anything.
  const code = /\b[A-Z]{2,}(?:_[A-Z]{2,}){1,6}$/.exec(description)?.[0];
  return { outcome: outcomeOfStatus(NAME, { status }, code) };
}

function gone(message: string): SendOutcome {
  return { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE', message };
}
function invalid(message: string): SendOutcome {
  return { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_INVALID', message };
}
/** Not for good: a person can unblock the bot or let it in again. */
function unreachable(message: string): SendOutcome {
  return { kind: 'permanent', code: 'CHANNEL_ADDRESS_NOT_ALLOWED', message, about: 'recipient' };
}
function rejected(message: string): SendOutcome {
  return { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED', message, about: 'recipient' };
}
