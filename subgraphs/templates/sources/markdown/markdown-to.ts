/** One body in Markdown, for each channel in the way that its provider takes it. */
import type { Channel } from '../../../../platform/graphql/contract-enums.ts';
import type { RenderedMarkdown } from '../compile-source.ts';
import { toDingTalkMarkdown, toHtml, toPlainText, toTelegramHtml, toWeComMarkdown } from './dialects.ts';
import { parseMarkdown } from './parse-markdown.ts';
import { toSlackBlock } from './slack-blocks.ts';

export interface FormattedBody {
  /** As it is sent: text, and for Telegram its HTML. */
  readonly body: string;
  /** The same without any format: what counts, and what is left where it has to be cut. */
  readonly plain: string;
  /** For e-mail. */
  readonly html?: string;
  /** What goes into the message's `data`, under the provider's name. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Slack's header (https://docs.slack.dev/reference/block-kit/blocks/header-block). */
const HEADER_CHARS = 150;

/** @param around title and url of the message, where the provider's own format takes their place too. Pure. */
export function markdownTo(
  channel: Channel,
  rendered: RenderedMarkdown,
  around: { readonly title?: string; readonly url?: string } = {},
): FormattedBody {
  const blocks = parseMarkdown(rendered);
  const plain = toPlainText(blocks);
  const { title, url } = around;
  const [heading, link] = [
    title ? [{ kind: 'heading' as const, level: 4, children: [{ kind: 'text' as const, text: title }] }] : [],
    url
      ? [
          {
            kind: 'paragraph' as const,
            children: [
              url.startsWith('/')
                ? { kind: 'text' as const, text: url }
                : { kind: 'link' as const, url, children: [{ kind: 'text' as const, text: url }] },
            ],
          },
        ]
      : [],
  ];
  switch (channel) {
    case 'EMAIL':
      return { body: plain, plain, html: toHtml(blocks) };
    case 'TELEGRAM':
      return { body: toTelegramHtml(blocks), plain, data: { telegram: { format: 'HTML' } } };
    case 'DINGTALK':
      return {
        body: plain,
        plain,
        data: { dingtalk: { markdown: toDingTalkMarkdown([...heading, ...blocks, ...link]) } },
      };
    case 'WECOM':
      return {
        body: plain,
        plain,
        data: { wecom: { markdown: toWeComMarkdown([...heading, ...blocks, ...link]) } },
      };
    case 'SLACK': {
      const isShort = title !== undefined && title.length <= HEADER_CHARS;
      return {
        body: plain,
        plain,
        data: {
          slack: {
            blocks: [
              ...(title && isShort ? [{ type: 'header', text: { type: 'plain_text', text: title } }] : []),
              toSlackBlock([...(isShort ? [] : heading), ...blocks, ...link]),
            ],
          },
        },
      };
    }
    default:
      return { body: plain, plain };
  }
}
