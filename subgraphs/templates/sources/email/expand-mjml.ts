/** MJML before it is compiled: partials of MJML written out, and blocks between its tags where MJML keeps them. */
import type { PartialSet } from '../partial-set.ts';
import type { ProtectedSource } from './protect-expressions.ts';

/** Whether a source is MJML, once its layout is written out. */
export const isMjml = (source: string): boolean => /^\s*(?:<!--[\s\S]*?-->\s*)*<mjml[\s>]/i.test(source);

const hasMjml = (source: string): boolean => /<mj(?:ml|-)/i.test(source);

export class MjmlProblem extends Error {
  override readonly name = 'MjmlProblem';
}

/** Nothing that a mail needs is longer. */
const MAX_CHARS = 1024 * 1024;

const CALL = /\{\{~?\s*(#?)>\s*([a-z][\w-]*)\s*([^}]*?)\s*~?\}\}/gi;

/**
 * Writes out the partials and layouts that are made of MJML's tags: they have to be there when it is compiled. Those
 * of plain HTML stay calls.
 * @param partials passed `partialsProblem`.
 * @throws MjmlProblem for calls of such partials with parameters, and for what is too long.
 */
export function expandMjml(source: string, partials: PartialSet): string {
  let text = source;
  // Partials have no circles, so that this ends; the length bounds those that call others twice.
  for (let call = firstCall(text, partials); call; call = firstCall(text, partials)) {
    const { start, end, name, isLayout } = call;
    const partial = partials[name] ?? '';
    if (isLayout) {
      const close = closingOf(text, end, name);
      const block = text.slice(end, close.start);
      text =
        text.slice(0, start) +
        partial.replace(/\{\{~?>\s*@partial-block\s*~?\}\}/g, () => block) +
        text.slice(close.end);
    } else text = text.slice(0, start) + partial + text.slice(end);
    if (text.length > MAX_CHARS)
      throw new MjmlProblem(`With its partials it has more than ${MAX_CHARS} characters.`);
  }
  return text;
}

interface PartialCall {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  readonly isLayout: boolean;
}

function firstCall(text: string, partials: PartialSet): PartialCall | undefined {
  for (const match of text.matchAll(CALL)) {
    const [whole, hash, name = '', parameters] = match;
    const partial = Object.hasOwn(partials, name) ? partials[name] : undefined;
    if (partial === undefined || !hasMjml(partial)) continue;
    if (parameters)
      throw new MjmlProblem(
        `The partial "${name}" has tags of MJML and takes no parameter ("${parameters}").`,
      );
    return { start: match.index, end: match.index + whole.length, name, isLayout: hash === '#' };
  }
  return undefined;
}

function closingOf(
  text: string,
  from: number,
  name: string,
): { readonly start: number; readonly end: number } {
  const tags = new RegExp(`\\{\\{~?\\s*(#>|/)\\s*${name}\\b[^}]*\\}\\}`, 'g');
  tags.lastIndex = from;
  let depth = 1;
  for (let match = tags.exec(text); match; match = tags.exec(text)) {
    depth += match[1] === '/' ? -1 : 1;
    if (depth === 0) return { start: match.index, end: match.index + match[0].length };
  }
  throw new MjmlProblem(`The layout "${name}" has no end.`);
}

/** Tags whose contents MJML leaves as they are (`endingTag` in its components). */
const CONTENT_TAGS = new Set([
  'mj-accordion-text',
  'mj-accordion-title',
  'mj-breakpoint',
  'mj-button',
  'mj-carousel-image',
  'mj-navbar-link',
  'mj-preview',
  'mj-raw',
  'mj-social-element',
  'mj-style',
  'mj-table',
  'mj-text',
  'mj-title',
]);

/**
 * Puts `mj-raw` around each expression that stands between MJML's structural tags (`{{#if}}` around a section): MJML
 * drops all other text there.
 */
export function keepBlocksBetweenTags({ text, name }: Pick<ProtectedSource, 'text' | 'name'>): string {
  let content: string | undefined;
  return text.replace(
    /<!--[\s\S]*?-->|<(\/?)([a-z][\w-]*)(?:[^"'<>]|"[^"]*"|'[^']*')*>|[^<]+/gi,
    (piece, ...groups) => {
      const [slash, written] = groups as (string | undefined)[];
      if (written !== undefined) {
        const tag = written.toLowerCase();
        if (content === undefined && !slash && CONTENT_TAGS.has(tag) && !piece.endsWith('/>')) content = tag;
        else if (slash && tag === content) content = undefined;
        return piece;
      }
      if (content !== undefined || piece.startsWith('<')) return piece;
      return piece.replace(name, (expression) => `<mj-raw>${expression}</mj-raw>`);
    },
  );
}
