/** Contents that no provider of their channel could ever send, found before they are published. */
import { contentSize } from '../../../platform/message-size/content-size.ts';
import type { StoredContent } from '../store/records.ts';
import type { SourcedContent } from './compile-template.ts';
import { fixedText } from './fixed-text.ts';
import { MAX_OUTPUT_CHARS } from './limits.ts';
import { DEFAULT_LOCALE } from './locale.ts';
import { type UnderWay, untold } from './under-way.ts';

export interface SizeProblem {
  /** As in `Template.contents`: `contents.2.body`. */
  readonly field: string;
  readonly message: string;
}

/**
 * The first content whose fixed text alone is over its channel's limit, or whose html over what is ever made; undefined where there is none. Pure.
 * @param contents have been checked when they were saved.
 */
export function sizeProblem(
  contents: readonly StoredContent[],
  at: UnderWay = untold,
): SizeProblem | undefined {
  for (const [index, content] of contents.entries()) {
    const { channel, title: titleSource, oversize } = content;
    at(`contents.${index}`);
    const tooLong = htmlProblem(content.html);
    if (tooLong !== undefined) return { field: `contents.${index}.html`, message: tooLong };
    // A body that is cut is never too long; the title may be.
    const [part, bodySource] = oversize === 'TRUNCATE' ? ['title', ''] : ['body', content.body];
    // No fixed text is longer than its source.
    const source = { channel, body: bodySource, ...(titleSource !== undefined && { title: titleSource }) };
    if (contentSize(source).fits) continue;
    const body = fixedText(bodySource);
    const { characters, bytes, limit, fits } = contentSize({
      channel,
      body,
      // Titles are put on one line and trimmed: what white space is left of them is not certain.
      ...(titleSource !== undefined && { title: fixedText(titleSource).replace(/[\s\p{Cc}]+/gu, '') }),
    });
    if (fits || !limit) continue;
    const [count, unit] = limit.unit === 'BYTES' ? [bytes, 'bytes'] : [characters, 'characters'];
    return {
      field: `contents.${index}.${part}`,
      message: `The content for ${channel} (${content.locale ?? 'no locale'}) has ${count} ${unit} before any variable is put in; ${channel} takes at most ${limit.most}. Make its ${part} shorter${part === 'body' ? ORELSE : ''}.`,
    };
  }
  return undefined;
}

/** MJML makes many times as much of itself: compiled, it may be more than a render ever gives. */
function htmlProblem(html: string | undefined): string | undefined {
  const most = MAX_OUTPUT_CHARS.html;
  if (html === undefined || html.length <= most) return undefined;
  const { length } = fixedText(html);
  if (length <= most) return undefined;
  return `The compiled html has ${length} characters before any variable is put in; at most ${most} are sent. Make it shorter.`;
}

/** What a rendered message is over its channel's limit; undefined where it is not. Pure. */
export function renderedSizeProblem(content: SourcedContent): SizeProblem | undefined {
  const { channel, locale, field } = content;
  const { characters, bytes, limit, fits } = contentSize({ ...content, body: content.plain });
  if (fits || !limit) return undefined;
  const [count, unit] = limit.unit === 'BYTES' ? [bytes, 'bytes'] : [characters, 'characters'];
  return {
    field: `${field}.body`,
    message: `The content for ${channel} (${locale === DEFAULT_LOCALE ? 'no locale' : locale}) has ${count} ${unit} with these variables; ${channel} takes at most ${limit.most}. Make it shorter${ORELSE}; "allowOversize: true" shows it all the same.`,
  };
}

const ORELSE = ', or let it be cut with "oversize: TRUNCATE"';
