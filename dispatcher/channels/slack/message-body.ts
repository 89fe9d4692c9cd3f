/** Message → Block Kit (https://docs.slack.dev/reference/block-kit). */
import { z } from 'zod';
import type { OutgoingMessage, SendOutcome } from '../contract.ts';

/**
 * Most characters of a body. Slack cuts texts of more than 40,000 and refuses blocks that are too long together
 * (`msg_blocks_too_long`) without a figure; for its markdown block it names this one
 * (https://docs.slack.dev/reference/block-kit/blocks/markdown-block).
 */
export const BODY_CHARS = 12_000;
/** https://docs.slack.dev/reference/block-kit/blocks/header-block, section-block, image-block */
const HEADER_CHARS = 150;
const SECTION_CHARS = 3_000;
const URL_CHARS = 3_000;
const ALT_CHARS = 2_000;
/** What a push notification of Slack shows at most: far less. */
const FALLBACK_CHARS = 3_000;

/** What `data.slack` takes. */
export const slackPart = z.strictObject({
  /** How the body is written: as it is to be read (mentions and links of Slack's own are escaped), or in mrkdwn. */
  format: z.enum(['plain', 'mrkdwn']).default('plain'),
  /** Block Kit of one's own, in the place of that made of title, body, url and picture. */
  blocks: z
    .array(z.looseObject({ type: z.string().min(1) }))
    .min(1)
    .max(50)
    .optional(),
  /** The message that this one answers. Not for incoming webhooks of other channels' threads. */
  threadTs: z
    .string()
    .regex(/^\d{1,12}\.\d{1,8}$/, 'must be the ts of a message, such as 1503435956.000247')
    .optional(),
  /** Whether Slack shows what is behind links. */
  unfurl: z.boolean().optional(),
});
export type SlackPart = z.output<typeof slackPart>;

/**
 * The body of chat.postMessage (without its channel) and of an incoming webhook.
 * @param withImage false: without the picture, where Slack could not load it.
 */
export function slackBody(
  message: Pick<OutgoingMessage, 'title' | 'body' | 'url' | 'imageUrl'>,
  part: SlackPart,
  withImage = true,
): { readonly body: Readonly<Record<string, unknown>> } | { readonly wrong: SendOutcome } {
  const { title, body, url, imageUrl } = message;
  if (body.length > BODY_CHARS || (title ?? '').length > SECTION_CHARS || (url ?? '').length > URL_CHARS)
    return { wrong: TOO_LONG };
  const text = part.format === 'mrkdwn' ? body : linked(body);
  const blocks = part.blocks ?? [
    ...(title ? [heading(title)] : []),
    ...pieces(text, SECTION_CHARS).map((piece) => ({
      type: 'section',
      // Verbatim: Slack makes no mentions of "@channel" and the like. Links are marked here.
      text: { type: 'mrkdwn', text: piece, ...(part.format === 'plain' && { verbatim: true }) },
    })),
    ...(imageUrl !== undefined && withImage && imageUrl.length <= URL_CHARS
      ? [{ type: 'image', image_url: imageUrl, alt_text: (title || body || imageUrl).slice(0, ALT_CHARS) }]
      : []),
    ...(url === undefined ? [] : [{ type: 'section', text: { type: 'mrkdwn', text: link(url) } }]),
  ];
  // Shown where blocks are not: in notifications, and to screen readers.
  const fallback = [title, body].filter(Boolean).join('\n');
  return {
    body: {
      text: pieces(escapeMrkdwn(fallback), FALLBACK_CHARS)[0] ?? '',
      blocks,
      ...(part.threadTs !== undefined && { thread_ts: part.threadTs }),
      ...(part.unfurl !== undefined && { unfurl_links: part.unfurl, unfurl_media: part.unfurl }),
    },
  };
}

const TOO_LONG: SendOutcome = {
  kind: 'permanent',
  code: 'CHANNEL_MESSAGE_TOO_LARGE',
  message: `The message is too long for Slack: a body of at most ${BODY_CHARS} characters, a title and a url of ${SECTION_CHARS}.`,
};

/** Plain text has no markup. A header is one line of limited length. */
const heading = (title: string) =>
  title.length <= HEADER_CHARS
    ? { type: 'header', text: { type: 'plain_text', text: title } }
    : { type: 'section', text: { type: 'plain_text', text: title } };

/** Slack's control characters (https://docs.slack.dev/messaging/formatting-message-text#escaping). */
export const escapeMrkdwn = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const link = (url: string): string => `<${escapeMrkdwn(url).replaceAll('|', '%7C')}>`;

/** Escaped, with the web addresses in it marked as links; a full stop or bracket behind one is none of it. */
const linked = (text: string): string =>
  text
    .split(/(https?:\/\/[^\s<>|"]*[^\s<>|".,;:!?)\]}'])/)
    .map((part, index) => (index % 2 === 1 ? link(part) : escapeMrkdwn(part)))
    .join('');

/**
 * Cuts a text into pieces of at most `max` UTF-16 units: at a line's end where there is one, at a space otherwise,
 * and never within an entity, a link or a character. None for an empty text.
 */
export function pieces(text: string, max: number): string[] {
  const made: string[] = [];
  let piece = '';
  const cut = () => {
    const at = Math.max(piece.lastIndexOf('\n'), 0) || Math.max(piece.lastIndexOf(' '), 0);
    // An early break would make many short pieces.
    const end = at > max / 2 && !piece.slice(at).includes('>') ? at : piece.length;
    made.push(piece.slice(0, end));
    piece = piece.slice(end).replace(/^[\n ]/, '');
  };
  for (const [token] of text.matchAll(/&(?:amp|lt|gt);|<[^<>\n]{1,2998}>|./gsu)) {
    if (piece.length + token.length > max) cut();
    if (piece.length + token.length > max) {
      made.push(piece);
      piece = '';
    }
    piece += token;
  }
  return [...made, piece].filter((one) => one !== '');
}
