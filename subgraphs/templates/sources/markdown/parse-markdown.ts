/** Markdown as a tree, with values in the place of their marks: whatever they hold, they are text. */
import MarkdownIt from 'markdown-it';
import type { RenderedMarkdown } from '../compile-source.ts';
import { withValues } from '../write-value.ts';

export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'break' }
  | { readonly kind: 'strong' | 'emphasis' | 'strike'; readonly children: readonly Inline[] }
  /** An address that a person may follow: of the web, mail, telephone, or a path. */
  | { readonly kind: 'link'; readonly url: string; readonly children: readonly Inline[] };

export type Block =
  | { readonly kind: 'paragraph'; readonly children: readonly Inline[] }
  | { readonly kind: 'heading'; readonly level: number; readonly children: readonly Inline[] }
  | { readonly kind: 'quote'; readonly blocks: readonly Block[] }
  /** `start`: of a numbered one. */
  | { readonly kind: 'list'; readonly start?: number; readonly items: readonly (readonly Block[])[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'rule' };

/** Tags of HTML are text, tables too: few channels have them. */
const parser = new MarkdownIt({ html: false, linkify: false, typographer: false });
parser.disable('table');
// Marks stay whole in addresses, which are looked at once their values are in them.
parser.normalizeLink = (url: string) => url;
parser.normalizeLinkText = (text: string) => text;
parser.validateLink = () => true;

type Token = ReturnType<typeof parser.parse>[number];

export function parseMarkdown({ markdown, values }: RenderedMarkdown): Block[] {
  const tokens = new Cursor(parser.parse(markdown, {}));
  return blocksUntil(tokens, undefined, values);
}

class Cursor {
  readonly #tokens: readonly Token[];
  #at = 0;
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }
  next(): Token | undefined {
    return this.#tokens[this.#at++];
  }
}

function blocksUntil(tokens: Cursor, end: string | undefined, values: readonly string[]): Block[] {
  const blocks: Block[] = [];
  for (let token = tokens.next(); token && token.type !== end; token = tokens.next()) {
    const block = blockOf(token, tokens, values);
    if (block) blocks.push(block);
  }
  return blocks;
}

function blockOf(token: Token, tokens: Cursor, values: readonly string[]): Block | undefined {
  switch (token.type) {
    case 'paragraph_open':
      return { kind: 'paragraph', children: inlineOf(tokens, 'paragraph_close', values) };
    case 'heading_open':
      return {
        kind: 'heading',
        level: Number(token.tag.slice(1)),
        children: inlineOf(tokens, 'heading_close', values),
      };
    case 'blockquote_open':
      return { kind: 'quote', blocks: blocksUntil(tokens, 'blockquote_close', values) };
    case 'bullet_list_open':
      return { kind: 'list', items: itemsOf(tokens, 'bullet_list_close', values) };
    case 'ordered_list_open':
      return {
        kind: 'list',
        start: Number(token.attrGet('start') ?? 1),
        items: itemsOf(tokens, 'ordered_list_close', values),
      };
    case 'fence':
    case 'code_block':
      return { kind: 'code', text: withValues(token.content, values).replace(/\n$/, '') };
    case 'hr':
      return { kind: 'rule' };
    default:
      return undefined;
  }
}

function itemsOf(tokens: Cursor, end: string, values: readonly string[]): Block[][] {
  const items: Block[][] = [];
  for (let token = tokens.next(); token && token.type !== end; token = tokens.next())
    items.push(blocksUntil(tokens, 'list_item_close', values));
  return items;
}

function inlineOf(tokens: Cursor, end: string, values: readonly string[]): Inline[] {
  const children: Inline[] = [];
  for (let token = tokens.next(); token && token.type !== end; token = tokens.next())
    if (token.children) children.push(...spansUntil(new Cursor(token.children), undefined, values));
  return children;
}

const WRAPPED = { strong_open: 'strong', em_open: 'emphasis', s_open: 'strike' } as const;
const isWrapping = (type: string): type is keyof typeof WRAPPED => Object.hasOwn(WRAPPED, type);

function spansUntil(tokens: Cursor, end: string | undefined, values: readonly string[]): Inline[] {
  const spans: Inline[] = [];
  for (let token = tokens.next(); token && token.type !== end; token = tokens.next()) {
    const { type } = token;
    if (isWrapping(type))
      spans.push({
        kind: WRAPPED[type],
        children: spansUntil(tokens, type.replace('open', 'close'), values),
      });
    else if (type === 'link_open') {
      const children = spansUntil(tokens, 'link_close', values);
      const url = withValues(String(token.attrGet('href') ?? ''), values).trim();
      // One that leads nowhere, or runs code, is its text.
      spans.push(...(isAddress(url) ? [{ kind: 'link' as const, url, children }] : children));
    } else if (type === 'hardbreak' || type === 'softbreak') spans.push({ kind: 'break' });
    else if (type === 'code_inline') spans.push({ kind: 'code', text: withValues(token.content, values) });
    else if (type === 'image') spans.push(...textOf(withValues(token.content, values)));
    else spans.push(...textOf(withValues(token.content, values)));
  }
  return spans;
}

/** Line breaks of a value are breaks. */
const textOf = (text: string): Inline[] =>
  text
    .split(/\r\n|\r|\n/)
    .flatMap((line, index): Inline[] => [
      ...(index > 0 ? [{ kind: 'break' as const }] : []),
      ...(line === '' ? [] : [{ kind: 'text' as const, text: line }]),
    ]);

const isAddress = (url: string): boolean =>
  /^(?:https?:\/\/[^\s\p{Cc}]+|mailto:[^\s\p{Cc}]+|tel:[+\d\s()-]+|\/(?![/\\])[^\p{Cc}]*)$/iu.test(url);
