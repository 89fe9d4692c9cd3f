/** Takes Handlebars expressions out of a source while tools for HTML work on it, and puts them back. */

/** All that begins with `{{`, and a backslash before it: raw blocks, comments, triple braces, expressions with texts. */
const EXPRESSION =
  /\\?(?:\{\{\{\{[\s\S]*?\}\}\}\}[\s\S]*?\{\{\{\{\/[^}]*\}\}\}\}|\{\{~?!--[\s\S]*?--~?\}\}|\{\{~?![\s\S]*?\}\}|\{\{~?\{(?:"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|\[[^\]]*\]|(?!\}\}\})[^"'[])*\}~?\}\}|\{\{(?:"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|\[[^\]]*\]|(?!\}\})[^"'[])*\}\})/g;

const isComment = (expression: string): boolean => /^\{\{~?!/.test(expression);

/**
 * Expressions in CSS, which ends up in other places than it is written in: each variable by its way from the root, so
 * that it is the same within a loop.
 * @throws StyleProblem for what is no plain variable there.
 */
export const rootStyles = (source: string): string =>
  source.replace(/<(style|mj-style|mj-attributes)\b[^>]*>[\s\S]*?<\/\1\s*>/gi, (styles) =>
    styles.replace(EXPRESSION, (expression) => {
      if (isComment(expression)) return '';
      const path = /^\{\{~?\s*(?:@root\.|this\.)?([\w-]+(?:\.[\w-]+)*)\s*~?\}\}$/.exec(expression)?.[1];
      if (path !== undefined) return `{{@root.${path}}}`;
      throw new StyleProblem(`${expression} is in CSS, where an expression can be a plain variable only.`);
    }),
  );

export class StyleProblem extends Error {
  override readonly name = 'StyleProblem';
}

export interface ProtectedSource {
  /** With a name in the place of each expression, which means nothing in HTML and CSS. Comments are left out. */
  readonly text: string;
  /** What matches one of these names. */
  readonly name: RegExp;
  /** Puts the expressions back into what has become of `text`. */
  restore(made: string): string;
  /** Expressions that are no longer there. */
  lostIn(made: string): string[];
}

/** @param source has been checked by `sourceProblem`. */
export function protectExpressions(source: string): ProtectedSource {
  const prefix = freePrefix(source);
  const kept: string[] = [];
  const text = source.replace(EXPRESSION, (expression) => {
    if (isComment(expression)) return '';
    kept.push(expression);
    return `${prefix}${kept.length - 1}z`;
  });
  // One that stands as an attribute comes back as one without a value, unless it was written with an empty one.
  const name = new RegExp(`${prefix}(\\d+)z(?:="")?`, 'gi');
  const indexOf = (written: string): number => Number.parseInt(written.slice(prefix.length), 10);
  const hasValue = (written: string): boolean => written.endsWith('=""');
  const valued = new Set(
    [...text.matchAll(name)].flatMap(([written]) => (hasValue(written) ? indexOf(written) : [])),
  );
  const expressionOf = (written: string): string => {
    const index = indexOf(written);
    const expression = kept[index];
    if (expression === undefined) return written;
    return hasValue(written) && valued.has(index) ? `${expression}=""` : expression;
  };
  return {
    text,
    name,
    restore: (made) => made.replace(name, expressionOf),
    lostIn(made) {
      const found = new Set([...made.matchAll(name)].map((match) => Number(match[1])));
      return kept.flatMap((expression, index) => (found.has(index) ? [] : [expression]));
    },
  };
}

/** Letters that the source does not have: an ident of CSS, a word in HTML. */
function freePrefix(source: string): string {
  const lower = source.toLowerCase();
  for (let at = 0; ; at++) {
    const prefix = `hb${at === 0 ? '' : at}x`;
    if (!lower.includes(prefix)) return prefix;
  }
}
