/** What an html says, as text: for readers without HTML, and for filters that ask for both. */
import { protectExpressions } from './protect-expressions.ts';

/**
 * Links with their addresses, tables and lists as lines; expressions are left for the send, those that are not escaped
 * (`{{{…}}}`) too.
 * @param html has been checked by `sourceProblem`.
 */
export async function plainTwin(html: string): Promise<string> {
  const { convert } = await import('html-to-text');
  const expressions = protectExpressions(html);
  const text = convert(expressions.text, {
    wordwrap: false,
    limits: { maxInputLength: 2_000_000 },
    selectors: [
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true, ignoreHref: false } },
      { selector: 'img', format: 'skip' },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
        selector,
        options: { uppercase: false },
      })),
    ],
  });
  return expressions.restore(text);
}
