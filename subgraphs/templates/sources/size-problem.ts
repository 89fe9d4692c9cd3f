/** Contents that no provider of their channel could ever send, found before they are published. */
import { contentSize } from '../../../platform/message-size/content-size.ts';
import type { StoredContent } from '../store/records.ts';
import { fixedText } from './fixed-text.ts';

export interface SizeProblem {
  /** As in `Template.contents`: `contents.2.body`. */
  readonly field: string;
  readonly message: string;
}

/**
 * The first content whose fixed text alone is over its channel's limit; undefined where there is none. Parsing long
 * sources takes a while, so that other requests get their turn between two contents.
 * @param contents have been checked when they were saved.
 */
export async function sizeProblem(contents: readonly StoredContent[]): Promise<SizeProblem | undefined> {
  for (const [index, content] of contents.entries()) {
    const { channel, title: titleSource, body: bodySource } = content;
    // No fixed text is longer than its source.
    const source = { channel, body: bodySource, ...(titleSource !== undefined && { title: titleSource }) };
    if (contentSize(source).fits) continue;
    await new Promise((resolve) => setImmediate(resolve));
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
      field: `contents.${index}.body`,
      message: `The content for ${channel} (${content.locale ?? 'no locale'}) has ${count} ${unit} before any variable is put in; ${channel} takes at most ${limit.most}. Make its text shorter.`,
    };
  }
  return undefined;
}
