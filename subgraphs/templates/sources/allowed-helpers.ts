/** Helpers that a source may use (Handlebars' built-in ones), and how many parameters each takes. */
export const HELPER_PARAMETERS: Readonly<Record<string, number>> = {
  if: 1,
  unless: 1,
  each: 1,
  with: 1,
  lookup: 2,
};
export const HELPER_NAMES: readonly string[] = Object.keys(HELPER_PARAMETERS);
/** Those that work as blocks only. */
export const BLOCK_HELPERS: ReadonlySet<string> = new Set(['if', 'unless', 'each', 'with']);
/** Those whose block may name what it gets: `{{#each items as |item|}}`. */
export const BLOCK_PARAMETER_HELPERS: ReadonlySet<string> = new Set(['each', 'with']);
