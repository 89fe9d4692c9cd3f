/** Text inside the small Markdown that messengers show. */

/**
 * Escapes what would be markup, and nothing that reads the same without: punctuation inside a sentence stays as it
 * is. (https://spec.commonmark.org/0.31.2/#backslash-escapes)
 */
export const escapeMarkdown = (text: string): string =>
  text
    .replace(/[\\`*_[\]<~]/g, '\\$&')
    .replace(/^(\s*)(#{1,6}(?=\s|$)|>|[-+](?=\s|$)|=+$|-{2,}$)/gm, '$1\\$2')
    .replace(/^(\s*\d{1,9})([.)])(?=\s|$)/gm, '$1\\$2');

/** A URL as the target of a link or an image: nothing in it can end the target. */
export const markdownTarget = (url: string): string =>
  url.replace(/[\s()<>\\]/g, (char) =>
    char === '(' ? '%28' : char === ')' ? '%29' : encodeURIComponent(char),
  );
