/** A message as DingTalk's robots and work notifications take it. */
import { z } from 'zod';
import type { OutgoingMessage } from '../contract.ts';
import { escapeMarkdown, markdownTarget } from '../network/light-markdown.ts';

/** What `data.dingtalk` takes. */
export const dingtalkPart = z.object({
  /** Takes the place of title and body, in DingTalk's Markdown. */
  markdown: z.string().min(1).optional(),
  /** Whom a robot mentions. */
  atMobiles: z.array(z.string()).optional(),
  atUserIds: z.array(z.string()).optional(),
  isAtAll: z.boolean().optional(),
});

/** `msg` of a work notification, and with `at` the body of a robot's message. */
export type DingTalkMessage =
  | { readonly msgtype: 'text'; readonly text: { readonly content: string } }
  | { readonly msgtype: 'markdown'; readonly markdown: { readonly title: string; readonly text: string } };

/** Shown in the list of conversations; Markdown messages must have one. */
const TITLE_CHARS = 60;

/**
 * Plain text where there is nothing but text; Markdown for links and images, or as the caller wrote it.
 * (https://open.dingtalk.com/document/orgapp/message-types-and-data-format)
 */
export function dingtalkMessage(
  { title, body, url, imageUrl }: Pick<OutgoingMessage, 'title' | 'body' | 'url' | 'imageUrl'>,
  part: z.output<typeof dingtalkPart> | undefined,
): DingTalkMessage {
  const heading = shorten(title ?? body);
  if (part?.markdown !== undefined)
    return { msgtype: 'markdown', markdown: { title: heading, text: part.markdown } };
  if (url === undefined && imageUrl === undefined)
    return { msgtype: 'text', text: { content: [title, body].filter((text) => text).join('\n') } };
  const paragraphs = [
    title && `#### ${escapeMarkdown(title)}`,
    escapeMarkdown(body).replaceAll('\n', '  \n'),
    imageUrl !== undefined && `![](${markdownTarget(imageUrl)})`,
    url !== undefined && `[${escapeMarkdown(url)}](${markdownTarget(url)})`,
  ];
  return {
    msgtype: 'markdown',
    markdown: { title: heading, text: paragraphs.filter(Boolean).join('\n\n') },
  };
}

/** The first line, of at most `TITLE_CHARS` whole characters. */
function shorten(text: string): string {
  const chars = [...(text.split('\n', 1)[0] ?? '')];
  return chars.length > TITLE_CHARS ? `${chars.slice(0, TITLE_CHARS - 1).join('')}…` : chars.join('');
}
