/** Helpers that a source may use, and how each is called. What they do is in `helper-functions.ts`. */

export interface HelperRule {
  /** Fewest and most parameters. */
  readonly params: readonly [number, number];
  /** A block (`{{#if …}}`) or a value (`{{upper …}}`). A value's helper without a parameter is a variable of its name. */
  readonly use: 'block' | 'value';
  /** Names of its settings, as `digits=2`. Those of Handlebars' own helpers are not checked. */
  readonly settings?: readonly string[];
  /** Settings that must be there. */
  readonly required?: readonly string[];
}

const ANY = 20;
const value = (
  params: HelperRule['params'],
  settings: readonly string[] = [],
  required: readonly string[] = [],
): HelperRule => ({ params, use: 'value', settings, required });
const block: HelperRule = { params: [1, 1], use: 'block' };

export const PLURAL_CATEGORIES = ['zero', 'one', 'two', 'few', 'many', 'other'] as const;

export const HELPER_RULES: Readonly<Record<string, HelperRule>> = {
  if: block,
  unless: block,
  each: block,
  with: block,
  lookup: { params: [2, 2], use: 'value' },
  date: value([1, 2], ['timeZone']),
  time: value([1, 2], ['timeZone']),
  datetime: value([1, 2], ['timeZone']),
  relative: value([1, 1]),
  number: value([1, 1], ['digits']),
  percent: value([1, 1], ['digits']),
  currency: value([2, 2], ['digits']),
  plural: value([1, 1], PLURAL_CATEGORIES, ['other']),
  eq: value([2, 2]),
  ne: value([2, 2]),
  lt: value([2, 2]),
  lte: value([2, 2]),
  gt: value([2, 2]),
  gte: value([2, 2]),
  and: value([2, ANY]),
  or: value([2, ANY]),
  not: value([1, 1]),
  default: value([2, 2]),
  upper: value([1, 1]),
  lower: value([1, 1]),
  truncate: value([2, 2]),
  join: value([1, 2]),
  link: value([1, 2]),
};
export const HELPER_NAMES: readonly string[] = Object.keys(HELPER_RULES);
export const helperRule = (name: string): HelperRule | undefined =>
  Object.hasOwn(HELPER_RULES, name) ? HELPER_RULES[name] : undefined;

/** Handlebars' own: their names are helpers even without parameters. */
const BUILT_IN: ReadonlySet<string> = new Set(['if', 'unless', 'each', 'with', 'lookup']);
/** Those whose block may name what it gets: `{{#each items as |item|}}`. */
export const BLOCK_PARAMETER_HELPERS: ReadonlySet<string> = new Set(['each', 'with']);

/** `{{date}}` is the variable, `{{date at}}` the helper. */
export const isVariableCall = (call: {
  readonly path: hbs.AST.Expression;
  readonly params: readonly unknown[];
  readonly hash?: { readonly pairs: readonly unknown[] } | undefined;
}): boolean =>
  call.params.length === 0 &&
  (call.hash?.pairs.length ?? 0) === 0 &&
  'original' in call.path &&
  !BUILT_IN.has(String(call.path.original));
