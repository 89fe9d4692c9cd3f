/** What an html says, as text: for readers without HTML, and for filters that ask for both. */
import { convert } from 'html-to-text';
import { NO_PARTIALS, type PartialSet } from '../partial-set.ts';
import { protectExpressions } from './protect-expressions.ts';
import { writeOutPartials } from './write-out-partials.ts';

/**
 * Links with their addresses, tables and lists as lines; expressions are left for the send, those that are not escaped
 * (`{{{…}}}`) too.
 * @param html has been checked by `sourceProblem`.
 * @param partials passed `partialsProblem`.
 * @throws WriteOutProblem
 * @throws RangeError for tags that are nested too deep.
 */
export function plainTwin(html: string, partials: PartialSet = NO_PARTIALS): string {
  const expressions = protectExpressions(writeOutPartials(html, partials));
  const text = convert(expressions.text, {
    wordwrap: false,
    limits: { maxInputLength: 2_000_000 },
    selectors: [
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true, ignoreHref: false } },
      { selector: 'img', format: 'skip' },
      { selector: 'tr', format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
      // What people read is the address itself.
      { selector: 'a[href^="mailto:"]', format: 'inline' },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
        selector,
        options: { uppercase: false },
      })),
    ],
  });
  return expressions.restore(text).replace(/\n{3,}/g, '\n\n');
}
