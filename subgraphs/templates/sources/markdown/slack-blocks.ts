/** Markdown as a `rich_text` block of Slack: structure, not markup, so that no text can be read as any. */
import type { Block, Inline } from './parse-markdown.ts';

/** https://docs.slack.dev/reference/block-kit/blocks/rich-text-block */
export interface SlackBlock {
  readonly type: string;
  readonly [member: string]: unknown;
}

type Style = Readonly<Partial<Record<'bold' | 'italic' | 'strike' | 'code', true>>>;

/** Slack's lists are at most this deep. */
const MAX_INDENT = 8;

export function toSlackBlock(blocks: readonly Block[]): SlackBlock {
  return { type: 'rich_text', elements: blocks.flatMap((block, index) => elements(block, 0, index > 0)) };
}

function elements(block: Block, indent: number, isBelow: boolean): SlackBlock[] {
  switch (block.kind) {
    case 'paragraph':
      return [section(block.children, {}, isBelow)];
    case 'heading':
      return [section(block.children, { bold: true }, isBelow)];
    case 'quote':
      return [
        { type: 'rich_text_quote', elements: block.blocks.flatMap((inner, index) => flat(inner, index > 0)) },
      ];
    case 'code':
      return [{ type: 'rich_text_preformatted', elements: [text(block.text || ' ', {})] }];
    case 'rule':
      return [{ type: 'rich_text_section', elements: [text('\n———', {})] }];
    case 'list':
      return block.items.flatMap((item, index) => [
        {
          type: 'rich_text_list',
          style: block.start === undefined ? 'bullet' : 'ordered',
          indent: Math.min(indent, MAX_INDENT),
          ...(block.start !== undefined && { offset: block.start - 1 + index }),
          elements: [
            {
              type: 'rich_text_section',
              elements: item
                .filter(({ kind }) => kind !== 'list')
                .flatMap((inner, at) => flat(inner, at > 0)),
            },
          ],
        },
        ...item.filter(({ kind }) => kind === 'list').flatMap((inner) => elements(inner, indent + 1, false)),
      ]);
  }
}

const section = (children: readonly Inline[], style: Style, isBelow: boolean): SlackBlock => ({
  type: 'rich_text_section',
  elements: [...(isBelow ? [text('\n', {})] : []), ...children.flatMap((child) => inline(child, style))],
});

/** Blocks within a quotation or an item, as lines. */
function flat(block: Block, isBelow: boolean): SlackBlock[] {
  const before = isBelow ? [text('\n', {})] : [];
  if (block.kind === 'paragraph') return [...before, ...block.children.flatMap((child) => inline(child, {}))];
  if (block.kind === 'heading')
    return [...before, ...block.children.flatMap((child) => inline(child, { bold: true }))];
  if (block.kind === 'code') return [...before, text(block.text || ' ', { code: true })];
  if (block.kind === 'quote')
    return [...before, ...block.blocks.flatMap((inner, index) => flat(inner, index > 0))];
  if (block.kind === 'list')
    return [
      ...before,
      ...block.items.flatMap((item, index) => [
        text(`${index > 0 ? '\n' : ''}• `, {}),
        ...item.flatMap((inner, at) => flat(inner, at > 0)),
      ]),
    ];
  return [...before, text('———', {})];
}

function inline(span: Inline, style: Style): SlackBlock[] {
  switch (span.kind) {
    case 'text':
      return [text(span.text, style)];
    case 'code':
      return [text(span.text || ' ', { ...style, code: true })];
    case 'break':
      return [text('\n', {})];
    case 'strong':
      return span.children.flatMap((child) => inline(child, { ...style, bold: true }));
    case 'emphasis':
      return span.children.flatMap((child) => inline(child, { ...style, italic: true }));
    case 'strike':
      return span.children.flatMap((child) => inline(child, { ...style, strike: true }));
    case 'link': {
      const words = wordsOf(span.children);
      // Slack links to no paths.
      if (span.url.startsWith('/')) return [text(`${words} (${span.url})`, style)];
      return [{ type: 'link', url: span.url, ...(words && { text: words }), ...styled(style) }];
    }
  }
}

const wordsOf = (children: readonly Inline[]): string =>
  children
    .map((child): string =>
      child.kind === 'text' || child.kind === 'code'
        ? child.text
        : child.kind === 'break'
          ? ' '
          : wordsOf(child.children),
    )
    .join('');

const text = (written: string, style: Style): SlackBlock => ({
  type: 'text',
  text: written,
  ...styled(style),
});
const styled = (style: Style) => (Object.keys(style).length > 0 ? { style } : {});
