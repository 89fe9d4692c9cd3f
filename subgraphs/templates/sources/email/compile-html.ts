/**
 * The html of e-mails as it is sent: MJML made to HTML, CSS put into the tags (many mail programs read no `<style>`).
 * Done when a template is published; its expressions are left for the send.
 */
import juice from 'juice';
import mjml2html from 'mjml';
import { messageOf } from '../../../../platform/errors/message-of.ts';
import { sourceProblem } from '../check-source.ts';
import type { PartialSet } from '../partial-set.ts';
import { expandMjml, isMjml, keepBlocksBetweenTags, MjmlProblem } from './expand-mjml.ts';
import { type ProtectedSource, protectExpressions, rootStyles, StyleProblem } from './protect-expressions.ts';
import { isStackOverflow, TOO_DEEP } from './too-deep.ts';

export type CompiledHtml = { readonly html: string } | { readonly problem: string };

/**
 * @param source html that has been checked by `sourceProblem`.
 * @param partials passed `partialsProblem`.
 */
export async function compileHtml(source: string, partials: PartialSet): Promise<CompiledHtml> {
  let expanded: string;
  try {
    expanded = rootStyles(expandMjml(source, partials));
  } catch (error) {
    if (error instanceof MjmlProblem || error instanceof StyleProblem) return { problem: error.message };
    throw error;
  }
  if (isMjml(expanded)) return compileMjml(expanded, partials);
  if (!/<style[\s>]/i.test(expanded)) return { html: source };
  return inlineCss(expanded, partials);
}

async function compileMjml(source: string, partials: PartialSet): Promise<CompiledHtml> {
  if (/<mj-include[\s/>]/i.test(source))
    return { problem: 'mj-include reads files, of which there are none here; use a partial: {{> footer}}.' };
  const expressions = protectExpressions(source);
  let made: Awaited<ReturnType<typeof mjml2html>>;
  try {
    // Without its own fonts: the reader's program would ask another company's server for them.
    made = await mjml2html(keepBlocksBetweenTags(expressions), { validationLevel: 'soft', fonts: {} });
  } catch (error) {
    if (isStackOverflow(error)) return { problem: TOO_DEEP };
    return { problem: `This is no MJML: ${expressions.restore(messageOf(error))}` };
  }
  for (const { line, message, tagName } of made.errors) {
    // A value that is not known yet is no wrong colour; but lengths are computed with.
    const found = message.match(expressions.name)?.[0];
    if (found === undefined) return { problem: `Line ${line} of the MJML (${tagName}): ${message.trim()}` };
    if (/for type Unit/.test(message))
      return {
        problem: `Line ${line} of the MJML (${tagName}): lengths are computed when a template is published and cannot be expressions: ${expressions.restore(message).trim()}`,
      };
  }
  return restored(expressions, made.html.trim(), partials);
}

function inlineCss(source: string, partials: PartialSet): CompiledHtml {
  const expressions = protectExpressions(source);
  let made: string;
  try {
    made = juice(expressions.text, {
      preserveMediaQueries: true,
      preserveFontFaces: true,
      preserveKeyFrames: true,
      preservePseudos: true,
    });
  } catch (error) {
    if (isStackOverflow(error)) return { problem: TOO_DEEP };
    return { problem: `The CSS cannot be put into the tags: ${expressions.restore(messageOf(error))}` };
  }
  return restored(expressions, made, partials);
}

function restored(expressions: ProtectedSource, made: string, partials: PartialSet): CompiledHtml {
  const [lost] = expressions.lostIn(made);
  if (lost !== undefined)
    return {
      problem: `${lost} got lost when the html was compiled: CSS that applies to nothing is left out, and between tags of MJML an expression goes where mj-raw may stand.`,
    };
  const html = expressions.restore(made);
  const problem = sourceProblem(html, { partials });
  if (problem !== undefined)
    return { problem: `The compiled html is no longer what Handlebars can read. ${problem}` };
  return { html };
}
