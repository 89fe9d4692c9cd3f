/** A message as WeCom's apps and group robots take it. */
import { z } from 'zod';
import type { OutgoingMessage } from '../contract.ts';

/** What `data.wecom` takes. */
export const wecomPart = z.object({
  /** Takes the place of title and body, in WeCom's Markdown. */
  markdown: z.string().min(1).optional(),
  /** Whom a robot mentions: user ids, or @all. */
  mentioned: z.array(z.string()).optional(),
  /** Of an app: must not be passed on. Only plain texts can be so: no cards, articles or Markdown. */
  confidential: z.boolean().optional(),
});

interface Article {
  readonly title: string;
  readonly description?: string;
  readonly url: string;
  readonly picurl?: string;
}
export type WeComMessage =
  | { readonly msgtype: 'text'; readonly text: { readonly content: string } }
  | { readonly msgtype: 'markdown'; readonly markdown: { readonly content: string } }
  | { readonly msgtype: 'textcard'; readonly textcard: Article }
  | { readonly msgtype: 'news'; readonly news: { readonly articles: readonly Article[] } };

/** Longer ones are cut without a word. (https://developer.work.weixin.qq.com/document/path/90236) */
const CARD_TITLE_BYTES = 128;
const CARD_TEXT_BYTES = 512;

/** In bytes; what is longer is cut, or refused by robots. (…/path/90236 and …/path/99110) */
export const TEXT_BYTES = 2_048;
export const MARKDOWN_BYTES = { app: 2_048, robot: 4_096 } as const;

/**
 * A card for a link and an article for a picture, where their texts fit; else plain text with the link, as for what is
 * confidential: "news消息不支持保密消息类型" (40074), and cards have no such field.
 * @param to robots have no cards.
 */
export function wecomMessage(
  { title, body, url, imageUrl }: Pick<OutgoingMessage, 'title' | 'body' | 'url' | 'imageUrl'>,
  to: 'app' | 'robot',
  part: z.output<typeof wecomPart> | undefined,
): WeComMessage {
  if (part?.markdown !== undefined) return { msgtype: 'markdown', markdown: { content: part.markdown } };
  const heading = title || body.split('\n', 1)[0] || '';
  const text = title ? body : body.slice(heading.length).trim();
  const fits =
    !part?.confidential &&
    heading !== '' &&
    Buffer.byteLength(heading) <= CARD_TITLE_BYTES &&
    Buffer.byteLength(text) <= CARD_TEXT_BYTES;
  const target = url ?? imageUrl;
  if (fits && target !== undefined && (imageUrl !== undefined || to === 'app')) {
    const article = { title: plain(heading), ...(text && { description: plain(text) }), url: target };
    if (imageUrl !== undefined)
      return { msgtype: 'news', news: { articles: [{ ...article, picurl: imageUrl }] } };
    // A card without a description is refused.
    if (text) return { msgtype: 'textcard', textcard: article };
  }
  const content = [title, body].filter(Boolean).map((words) => plain(words ?? ''));
  const links = part?.confidential ? [url, imageUrl] : [url];
  return { msgtype: 'text', text: { content: [...content, ...links].filter(Boolean).join('\n') } };
}

/** The length that WeCom limits. */
export const sizeOf = (message: WeComMessage): number =>
  message.msgtype === 'text'
    ? Buffer.byteLength(message.text.content)
    : message.msgtype === 'markdown'
      ? Buffer.byteLength(message.markdown.content)
      : 0;

/**
 * Keeps what looks like one of WeCom's tags, or a mention, from being one: there is no escape for them, so an invisible
 * space goes behind the bracket.
 */
const plain = (text: string): string => text.replace(/<(?=@|\/?(?:a|div|br|font)\b)/gi, '<\u200b');
