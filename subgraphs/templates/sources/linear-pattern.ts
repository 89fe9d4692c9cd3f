/**
 * Regular expressions of people's JSON Schemas, matched in time linear to the text: one that backtracks could
 * hold up the whole process for minutes with a text of forty characters.
 */
import type { RegExpEngine } from 'ajv/dist/types/index.js';
import { RE2JS } from 're2js';

/**
 * @throws Error for what is no regular expression of JavaScript, and for look-around and references back, which
 * cannot be matched in linear time (https://github.com/google/re2/wiki/Syntax).
 */
export const linearPattern: RegExpEngine = Object.assign(
  (pattern: string, flags: string) => {
    new RegExp(pattern, flags);
    // The translation would take a named reference back for plain letters.
    if (/\\k</.test(pattern))
      throw new Error(`the pattern ${pattern} refers back to a group, which is not available`);
    const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
    return { test: (text: string) => compiled.matcher(text).find(), toString: () => pattern };
  },
  // How code that Ajv writes to a file would call it; ours stays in memory.
  { code: 'linearPattern' },
);
