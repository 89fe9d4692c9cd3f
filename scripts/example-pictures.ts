/** Pictures of examples/order-package for its page: e-mails and chat cards, one sheet for each language. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { openChromium } from '../e2e/support/chromium.ts';
import { escapeHtml } from '../subgraphs/templates/sources/write-value.ts';
import {
  type ExamplePreview,
  examplePackage,
  examplePreviews,
  READERS,
  type ReaderLocale,
} from '../testing/example-package.ts';

const IMAGES = resolve(import.meta.dirname, '..', process.argv[2] ?? 'docs/images');
const MAILS = ['orders-placed', 'orders-shipped', 'orders-refunded'];
const CARDS = ['orders-placed', 'orders-refunded'];

interface SlackElement {
  readonly type: string;
  readonly text?: string | { readonly text: string };
  readonly url?: string;
  readonly style?: unknown;
  readonly elements?: readonly SlackElement[];
}

/** Blocks as Slack lays them out, more or less. */
function slackHtml(element: SlackElement): string {
  const { type, text, url, elements = [] } = element;
  const inner = elements.map(slackHtml).join('');
  if (type === 'header') return `<h3>${escapeHtml(typeof text === 'object' ? text.text : '')}</h3>`;
  if (type === 'rich_text_list')
    return `<ul>${elements.map((item) => `<li>${slackHtml(item)}</li>`).join('')}</ul>`;
  if (type === 'link') return `<a>${escapeHtml(String(text ?? url))}</a>`;
  if (type !== 'text') return inner;
  const style = (element.style ?? {}) as { readonly bold?: true; readonly italic?: true };
  const words = escapeHtml(String(text)).replaceAll('\n', '<br>');
  return style.bold ? `<b>${words}</b>` : style.italic ? `<i>${words}</i>` : words;
}

/** The Markdown of DingTalk and WeCom, as far as these cards have it. */
function markdownHtml(markdown: string): string {
  const spans = (line: string) =>
    escapeHtml(line)
      .replace(/\*\*(.+?)\*\*/g, '<b>$1</b>')
      .replace(/\[(.+?)\]\((.+?)\)/g, '<a>$1</a>')
      .replace(/\\(&#\d+;|[^\w\s])/g, '$1');
  return markdown
    .split('\n')
    .map((line) =>
      line.startsWith('#### ')
        ? `<h3>${spans(line.slice(5))}</h3>`
        : /^[-•] /.test(line)
          ? `<li>${spans(line.slice(2))}</li>`
          : line === ''
            ? ''
            : `<p>${spans(line)}</p>`,
    )
    .join('');
}

function cardsOf({ contents }: ExamplePreview): string[] {
  return contents.flatMap(({ channel, title, body, data }) => {
    const part = data as
      | Readonly<Record<string, { readonly markdown?: string; readonly blocks?: readonly SlackElement[] }>>
      | undefined;
    const [name] = Object.keys(part ?? {});
    const given = name === undefined ? undefined : part?.[name];
    if (channel === 'SMS' || channel === 'WEB_PUSH' || channel === 'IN_APP')
      return [
        `<h4>${channel}</h4>${title ? `<b>${escapeHtml(title)}</b>` : ''}<p class="pre">${escapeHtml(body)}</p>`,
      ];
    if (given?.blocks) return [`<h4>${channel}</h4>${given.blocks.map(slackHtml).join('')}`];
    if (given?.markdown !== undefined) return [`<h4>${channel}</h4>${markdownHtml(given.markdown)}`];
    return [];
  });
}

const STYLE = `body { margin: 0; padding: 20px; background: #d9dedb; font: 14px/1.5 "Noto Sans", "Noto Sans CJK SC",
  "WenQuanYi Micro Hei", "Noto Sans Arabic", sans-serif; width: 1560px }
  .row { display: flex; gap: 16px; align-items: flex-start } iframe { border: 0; background: #eef1ef; border-radius: 6px }
  .cards { display: grid; grid-template-columns: repeat(6, 1fr); gap: 16px; margin-bottom: 16px; align-items: start }
  .card { background: #fff; border-radius: 6px; padding: 12px 14px; overflow-wrap: anywhere; font-size: 13px }
  h3 { margin: 0 0 6px; font-size: 15px } h4 { margin: 0 0 8px; color: #6b7a75; font-size: 11px; letter-spacing: .06em;
  direction: ltr; text-align: start } p { margin: 6px 0 } .pre { white-space: pre-line } a { color: #1264a3 }
  ul { margin: 4px 0; padding-inline-start: 18px } li { margin-inline-start: 14px } ul li { margin: 0 }`;

async function sheet(page: Page, previews: readonly ExamplePreview[], locale: ReaderLocale): Promise<void> {
  const ofLocale = previews.filter((preview) => preview.locale === locale);
  const of = (template: string) => ofLocale.filter((preview) => preview.template === template);
  const cards = CARDS.flatMap(of).map(
    (preview) =>
      `<div class="cards" dir="${locale === 'ar' ? 'rtl' : 'ltr'}">${cardsOf(preview)
        .map((card) => `<div class="card">${card}</div>`)
        .join('')}</div>`,
  );
  const mails = MAILS.flatMap(of).map((preview) => {
    const html = preview.contents.find(({ channel }) => channel === 'EMAIL')?.html ?? '';
    return `<iframe width="506" height="10" srcdoc="${escapeHtml(html)}"></iframe>`;
  });
  await page.setContent(
    `<!doctype html><html lang="${READERS[locale].locale}"><meta charset="utf-8"><style>${STYLE}</style><body>${cards.join('')}<div class="row">${mails.join('')}</div></body></html>`,
    { waitUntil: 'load' },
  );
  await page.evaluate(
    "for (const frame of document.querySelectorAll('iframe')) frame.height = frame.contentDocument.documentElement.scrollHeight",
  );
}

const previews = await examplePreviews(await examplePackage());
const { context, close } = await openChromium({ viewport: { width: 1600, height: 900 } });
try {
  await mkdir(IMAGES, { recursive: true });
  const page = await context.newPage();
  for (const locale of Object.keys(READERS) as ReaderLocale[]) {
    await sheet(page, previews, locale);
    const path = join(IMAGES, `order-package-${locale}.png`);
    await page.screenshot({ path, fullPage: true });
    console.log(`wrote ${path}`);
  }
} finally {
  await close();
}
