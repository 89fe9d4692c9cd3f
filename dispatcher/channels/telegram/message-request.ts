/** Message → call of the Bot API (https://core.telegram.org/bots/api). */
import { z } from 'zod';
import type { OutgoingMessage, SendOutcome } from '../contract.ts';

/** Characters of a text and of a caption, without markup (https://core.telegram.org/bots/api#sendmessage, #sendphoto). */
export const TEXT_CHARS = 4_096;
export const CAPTION_CHARS = 1_024;

/** https://core.telegram.org/bots/api#inlinekeyboardbutton */
const button = z.union(
  [
    z.strictObject({ text: z.string().min(1).max(256), url: z.url({ protocol: /^(https?|tg)$/ }) }),
    z.strictObject({
      text: z.string().min(1).max(256),
      callbackData: z
        .string()
        .refine((value) => value !== '' && Buffer.byteLength(value) <= 64, 'must be 1 to 64 bytes'),
    }),
  ],
  { error: 'must have a text, and either a url or callbackData of 1 to 64 bytes' },
);

/** What `data.telegram` takes. */
export const telegramPart = z.strictObject({
  /** How the body is written: as it is to be read (escaped), or in the markup of Telegram that it names. */
  format: z.enum(['plain', 'HTML', 'MarkdownV2']).default('plain'),
  /** Rows of buttons under the message. */
  buttons: z.array(z.array(button).min(1).max(8)).max(25).default([]),
  /** Without a sound; what LOW priority is by itself. */
  silent: z.boolean().optional(),
  /** Cannot be forwarded or saved. */
  protectContent: z.boolean().default(false),
  /** The topic of a forum. */
  threadId: z.int().positive().optional(),
  /** Whether Telegram shows the page behind the first link. */
  linkPreview: z.boolean().default(true),
});
export type TelegramPart = z.output<typeof telegramPart>;

export interface TelegramCall {
  readonly method: 'sendMessage' | 'sendPhoto';
  readonly body: Readonly<Record<string, unknown>>;
}

/** A number of a user, group or channel, or a public name. `undefined` for anything else. */
export function chatIdOf(address: string): number | string | undefined {
  // Ids have at most 52 significant bits (https://core.telegram.org/bots/api#chat).
  if (/^-?[1-9]\d{0,15}$/.test(address)) {
    const id = Number(address);
    return Number.isSafeInteger(id) ? id : undefined;
  }
  return /^@[A-Za-z]\w{3,31}$/.test(address) ? address : undefined;
}

/**
 * @param chat as `chatIdOf` gives it.
 * @param withPhoto false: the picture goes as the preview of a link, which Telegram leaves out where it cannot load it.
 */
export function telegramCall(
  message: Pick<OutgoingMessage, 'title' | 'body' | 'url' | 'imageUrl' | 'priority'>,
  part: TelegramPart,
  chat: number | string,
  withPhoto = true,
): TelegramCall | { readonly wrong: SendOutcome } {
  const { imageUrl } = message;
  const { text, chars } = textOf(message, part.format);
  if (chars > TEXT_CHARS) return { wrong: TOO_LONG };
  const common = {
    chat_id: chat,
    parse_mode: part.format === 'MarkdownV2' ? 'MarkdownV2' : 'HTML',
    ...(part.threadId !== undefined && { message_thread_id: part.threadId }),
    ...((part.silent ?? message.priority === 'LOW') && { disable_notification: true }),
    ...(part.protectContent && { protect_content: true }),
    ...(part.buttons.length > 0 && { reply_markup: { inline_keyboard: part.buttons.map(keyboardRow) } }),
  };
  if (imageUrl !== undefined && withPhoto && chars <= CAPTION_CHARS)
    return { method: 'sendPhoto', body: { ...common, photo: imageUrl, caption: text } };
  return {
    method: 'sendMessage',
    body: {
      ...common,
      text,
      ...(imageUrl === undefined
        ? !part.linkPreview && { link_preview_options: { is_disabled: true } }
        : { link_preview_options: { url: imageUrl, prefer_large_media: true, show_above_text: true } }),
    },
  };
}

const TOO_LONG: SendOutcome = {
  kind: 'permanent',
  code: 'CHANNEL_MESSAGE_TOO_LARGE',
  message: `Telegram takes at most ${TEXT_CHARS} characters.`,
};

const keyboardRow = (row: TelegramPart['buttons'][number]) =>
  row.map((one) =>
    'url' in one ? { text: one.text, url: one.url } : { text: one.text, callback_data: one.callbackData },
  );

/** Title, body and link as one text in Telegram's markup; `chars` as Telegram counts them: without the markup. */
function textOf(
  { title, body, url }: Pick<OutgoingMessage, 'title' | 'body' | 'url'>,
  format: TelegramPart['format'],
): { readonly text: string; readonly chars: number } {
  const escaped = format === 'MarkdownV2' ? escapeMarkdownV2 : escapeHtml;
  const bold = (text: string) => (format === 'MarkdownV2' ? `*${text}*` : `<b>${text}</b>`);
  const parts = [
    ...(title ? [bold(escaped(title))] : []),
    ...(body === '' ? [] : [format === 'plain' ? escaped(body) : body]),
    ...(url === undefined ? [] : [escaped(url)]),
  ];
  // The markup inside a body of the sender's own is not counted exactly: Telegram itself refuses one that is too long.
  const shown = [title || [], format === 'plain' ? body || [] : bodyWithoutMarkup(body), url ?? []].flat();
  return { text: parts.join('\n\n'), chars: [...shown.join('\n\n')].length };
}

/** About what is left of a body's markup once it is shown: never more than that. */
const bodyWithoutMarkup = (body: string): string =>
  body.replace(/<[^>]*>|\]\([^)]*\)|[*_~|`\\[\]]|&\w+;/g, '');

/** https://core.telegram.org/bots/api#html-style */
export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** https://core.telegram.org/bots/api#markdownv2-style */
export const escapeMarkdownV2 = (text: string): string => text.replace(/[_*[\]()~`>#+\-=|{}.!\\]/g, '\\$&');
