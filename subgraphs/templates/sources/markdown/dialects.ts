/** A tree of Markdown in what each channel reads. All text is escaped: none of it can become markup. */
import { escapeHtml } from '../write-value.ts';
import type { Block, Inline } from './parse-markdown.ts';

/** How a dialect writes each thing. */
interface Dialect {
  text(text: string): string;
  code(text: string): string;
  strong(inner: string): string;
  emphasis(inner: string): string;
  strike(inner: string): string;
  link(url: string, inner: string): string;
  readonly lineBreak: string;
  paragraph(inner: string): string;
  heading(level: number, inner: string): string;
  quote(inner: string): string;
  codeBlock(text: string): string;
  readonly rule: string;
  list(items: readonly string[], start: number | undefined): string;
  readonly between: string;
}

function spans(children: readonly Inline[], dialect: Dialect): string {
  return children
    .map((child): string => {
      if (child.kind === 'text') return dialect.text(child.text);
      if (child.kind === 'code') return dialect.code(child.text);
      if (child.kind === 'break') return dialect.lineBreak;
      const inner = spans(child.children, dialect);
      return child.kind === 'link' ? dialect.link(child.url, inner) : dialect[child.kind](inner);
    })
    .join('');
}

const write = (blocks: readonly Block[], dialect: Dialect): string =>
  blocks.map((block) => writeBlock(block, dialect)).join(dialect.between);

function writeBlock(block: Block, dialect: Dialect): string {
  switch (block.kind) {
    case 'paragraph':
      return dialect.paragraph(spans(block.children, dialect));
    case 'heading':
      return dialect.heading(block.level, spans(block.children, dialect));
    case 'quote':
      return dialect.quote(write(block.blocks, dialect));
    case 'code':
      return dialect.codeBlock(block.text);
    case 'rule':
      return dialect.rule;
    case 'list':
      return dialect.list(
        block.items.map((item) => write(item, dialect)),
        block.start,
      );
  }
}

const same = (inner: string): string => inner;
const eachLine = (text: string, before: string): string => text.replace(/^/gm, before);
const listed =
  (bullet: string) =>
  (items: readonly string[], start: number | undefined): string =>
    items
      .map((item, index) => {
        const mark = start === undefined ? bullet : `${start + index}. `;
        return `${mark}${item.replace(/\n+/g, `\n${' '.repeat(mark.length)}`)}`;
      })
      .join('\n');

const PLAIN: Dialect = {
  text: same,
  code: same,
  strong: same,
  emphasis: same,
  strike: same,
  link: (url, inner) => (inner === '' || inner === url ? url : `${inner} (${url})`),
  lineBreak: '\n',
  paragraph: same,
  heading: (_, inner) => inner,
  quote: (inner) => eachLine(inner, '> '),
  codeBlock: same,
  rule: '---',
  list: listed('- '),
  between: '\n\n',
};
/** For SMS, push, the inbox and wherever nothing else is shown. */
export const toPlainText = (blocks: readonly Block[]): string => write(blocks, PLAIN);

const HTML: Dialect = {
  text: escapeHtml,
  code: (text) => `<code>${escapeHtml(text)}</code>`,
  strong: (inner) => `<strong>${inner}</strong>`,
  emphasis: (inner) => `<em>${inner}</em>`,
  strike: (inner) => `<s>${inner}</s>`,
  link: (url, inner) => `<a href="${escapeHtml(url)}">${inner || escapeHtml(url)}</a>`,
  lineBreak: '<br>\n',
  paragraph: (inner) => `<p>${inner}</p>`,
  heading: (level, inner) => `<h${level}>${inner}</h${level}>`,
  quote: (inner) => `<blockquote>\n${inner}\n</blockquote>`,
  codeBlock: (text) => `<pre><code>${escapeHtml(text)}</code></pre>`,
  rule: '<hr>',
  list: (items, start) => {
    const [tag, from] = start === undefined ? ['ul', ''] : ['ol', start === 1 ? '' : ` start="${start}"`];
    return `<${tag}${from}>\n${items.map((item) => `<li>${item}</li>`).join('\n')}\n</${tag}>`;
  },
  between: '\n',
};
/** For e-mail. */
export const toHtml = (blocks: readonly Block[]): string => write(blocks, HTML);

/** https://core.telegram.org/bots/api#html-style */
const TELEGRAM: Dialect = {
  ...PLAIN,
  text: escapeHtml,
  code: HTML.code,
  strong: (inner) => `<b>${inner}</b>`,
  emphasis: (inner) => `<i>${inner}</i>`,
  strike: HTML.strike,
  link: (url, inner) => (url.startsWith('/') ? `${inner} (${escapeHtml(url)})` : HTML.link(url, inner)),
  heading: (_, inner) => `<b>${inner}</b>`,
  // Quotations cannot be in quotations.
  quote: (inner) => `<blockquote>${inner.replace(/<\/?blockquote>/g, '')}</blockquote>`,
  codeBlock: (text) => `<pre>${escapeHtml(text)}</pre>`,
  rule: '———',
  list: listed('• '),
};
export const toTelegramHtml = (blocks: readonly Block[]): string => write(blocks, TELEGRAM);

/** What CommonMark may read as markup (https://spec.commonmark.org/0.31.2/#backslash-escapes), and nothing besides. */
const escapeMarkdown = (text: string): string =>
  text
    .replace(/[\\`*_[\]<~]|&(?=#?\w+;)/g, '\\$&')
    .replace(/^(\s*)([#>=+-])/, '$1\\$2')
    .replace(/^(\s*\d{1,9})([.)])/, '$1\\$2');
const inTarget = (url: string): string =>
  url.replace(
    /[\s()<>\\[\]`*_]/g,
    (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  );

/** https://open.dingtalk.com/document/orgapp/message-types-and-data-format */
const DINGTALK: Dialect = {
  ...PLAIN,
  text: escapeMarkdown,
  code: escapeMarkdown,
  strong: (inner) => `**${inner}**`,
  emphasis: (inner) => `*${inner}*`,
  link: (url, inner) => `[${inner || escapeMarkdown(url)}](${inTarget(url)})`,
  lineBreak: '  \n',
  heading: (level, inner) => `${'#'.repeat(level)} ${inner}`,
  codeBlock: (text) => eachLine(escapeMarkdown(text), '> ').replaceAll('\n', '  \n'),
  list: listed('- '),
};
export const toDingTalkMarkdown = (blocks: readonly Block[]): string => write(blocks, DINGTALK);

const APART = '\u200b';
/** There is no escape: an invisible space keeps what looks like markup from being any. */
const keptApart = (text: string): string =>
  text
    .replace(/[*`[\]<>]/g, (char) => (char === '`' ? '\uff40' : `${char}${APART}`))
    .replace(/^(\s*)(#|>)/, `$1${APART}$2`);

/** https://developer.work.weixin.qq.com/document/path/90236: headings, bold, links, code, quotations and no more. */
const WECOM: Dialect = {
  ...PLAIN,
  text: keptApart,
  code: (text) => `\`${text.replace(/[`\n]/g, ' ')}\``,
  strong: (inner) => `**${inner}**`,
  link: (url, inner) => `[${inner || keptApart(url)}](${inTarget(url)})`,
  heading: (level, inner) => `${'#'.repeat(level)} ${inner}`,
  codeBlock: (text) => eachLine(keptApart(text), '> '),
  list: listed('• '),
  between: '\n\n',
};
export const toWeComMarkdown = (blocks: readonly Block[]): string => write(blocks, WECOM);
