/** What the helpers of `helper-rules.ts` do. Each gets its parameters and, last, Handlebars' options. */
import Handlebars from 'handlebars';
import {
  DATE_STYLES,
  type DateStyle,
  formatDate,
  formatNumber,
  formatPlural,
  formatRelative,
  isTimeZone,
  shorten,
  usableLocale,
  usableTimeZone,
} from './format-value.ts';
import { PLURAL_CATEGORIES } from './helper-rules.ts';
import { MAX_OUTPUT_CHARS } from './limits.ts';
import { countIteration, countWork, run } from './render-run.ts';
import { escapeHtml, insertIntoMarkdown, plainOf, safeUrl } from './write-value.ts';

type Options = Handlebars.HelperOptions;
type Helper = Handlebars.HelperDelegate;

const builtIn = Handlebars.create().helpers;
const builtInEach = builtIn.each as Helper;

/** The built-in `each` (which also runs `{{#items}}` sections), with its iterations counted and its output bounded. */
function each(this: unknown, items: unknown, options: Options): unknown {
  let produced = 0;
  const fn: Handlebars.TemplateDelegate = (context: unknown, runtime) => {
    countIteration();
    const text = options.fn(context, runtime);
    produced += text.length;
    if (produced > MAX_OUTPUT_CHARS.html) throw new Error('a loop makes too much text');
    return text;
  };
  return builtInEach.call(this, items, { ...options, fn });
}

const locale = (): string => usableLocale(run.reader.locale);

function timeZone(options: Options): string {
  const asked: unknown = options.hash.timeZone;
  if (asked === undefined) return usableTimeZone(run.reader.timeZone);
  if (typeof asked !== 'string' || !isTimeZone(asked)) throw new Error(`${plainOf(asked)} is no time zone`);
  return asked;
}

const isStyle = (style: unknown): style is DateStyle => DATE_STYLES.some((known) => known === style);

/** `(at, options)` or `(at, style, options)`. */
function dateHelper(parts: (style: DateStyle | undefined) => { date?: DateStyle; time?: DateStyle }): Helper {
  return (at: unknown, ...rest: readonly unknown[]) => {
    const options = rest.at(-1) as Options;
    const style = rest.length > 1 ? rest[0] : undefined;
    if (style !== undefined && !isStyle(style))
      throw new Error(`${plainOf(style)} is no style of dates: there are ${DATE_STYLES.join(', ')}`);
    return formatDate(at, parts(style), locale(), timeZone(options));
  };
}

function digits(options: Options): { readonly digits?: number } {
  const asked: unknown = options.hash.digits;
  if (asked === undefined) return {};
  if (typeof asked !== 'number' || !Number.isInteger(asked) || asked < 0 || asked > 20)
    throw new Error(`digits are 0 to 20, not ${plainOf(asked)}`);
  return { digits: asked };
}

function currency(amount: unknown, code: unknown, options: Options): string {
  if (code === undefined || code === null) return formatNumber(amount, digits(options), locale());
  if (typeof code !== 'string' || !/^[a-z]{3}$/i.test(code))
    throw new Error(`${plainOf(code)} is no currency: a code has three letters, as EUR`);
  return formatNumber(amount, { currency: code.toUpperCase(), ...digits(options) }, locale());
}

function plural(count: unknown, options: Options): string {
  const words: Partial<Record<Intl.LDMLPluralRule, string>> = {};
  for (const category of PLURAL_CATEGORIES)
    if (options.hash[category] !== undefined) words[category] = plainOf(options.hash[category]);
  return formatPlural(count, { ...words, other: words.other ?? '#' }, locale());
}

/** Numbers as numbers, dates and other texts as texts; what is missing is before nothing and behind nothing. */
function compared(a: unknown, b: unknown, holds: (order: number) => boolean): boolean {
  if (a == null || b == null) return false;
  const [left, right] = [Number(a), Number(b)];
  if (!Number.isNaN(left) && !Number.isNaN(right)) return holds(left - right);
  const [first, second] = [plainOf(a), plainOf(b)];
  return holds(first < second ? -1 : first > second ? 1 : 0);
}

/** As `if` sees it: an empty list is none. */
const holds = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : Boolean(value));

function worked(text: unknown): string {
  countWork();
  return plainOf(text);
}

function truncate(text: unknown, most: unknown): string {
  const whole = worked(text);
  // Neither is there: a source is tried without data when it is saved.
  if (whole === '' && most == null) return '';
  if (typeof most !== 'number' || !Number.isInteger(most) || most < 1)
    throw new Error(`a text is cut to a number of characters, not to ${plainOf(most)}`);
  return shorten(whole, most);
}

/** `(list, options)` or `(list, separator, options)`. Without a separator as the language joins: "a, b, and c". */
function join(list: unknown, ...rest: readonly unknown[]): string {
  if (list === undefined || list === null) return '';
  if (!Array.isArray(list)) throw new Error('join takes a list');
  countWork();
  const texts = list.map(plainOf);
  return rest.length > 1 ? texts.join(plainOf(rest[0])) : new Intl.ListFormat(locale()).format(texts);
}

/** In html an anchor; elsewhere the text with the address behind it. */
function link(url: unknown, ...rest: readonly unknown[]): string | Handlebars.SafeString {
  const target = safeUrl(plainOf(url));
  const text = rest.length > 1 ? plainOf(rest[0]) : '';
  if (target === '') return text;
  if (run.part === 'html')
    return new Handlebars.SafeString(`<a href="${escapeHtml(target)}">${escapeHtml(text || target)}</a>`);
  if (run.values)
    return new Handlebars.SafeString(
      `[${insertIntoMarkdown(text || target)}](<${insertIntoMarkdown(target)}>)`,
    );
  return text === '' || text === target ? target : `${text} (${target})`;
}

/** By name; those of Handlebars that are not here are Handlebars' own. */
export const HELPER_FUNCTIONS: Readonly<Record<string, Helper>> = {
  if: builtIn.if as Helper,
  unless: builtIn.unless as Helper,
  with: builtIn.with as Helper,
  lookup: builtIn.lookup as Helper,
  each,
  date: dateHelper((style) => ({ date: style ?? 'medium' })),
  time: dateHelper((style) => ({ time: style ?? 'short' })),
  datetime: dateHelper((style) => ({ date: style ?? 'medium', time: 'short' })),
  relative: (at: unknown) =>
    formatRelative(at, run.reader.now ?? new Date(), locale(), usableTimeZone(run.reader.timeZone)),
  number: (value: unknown, options: Options) => formatNumber(value, digits(options), locale()),
  percent: (value: unknown, options: Options) =>
    formatNumber(value, { percent: true, ...digits(options) }, locale()),
  currency,
  plural,
  eq: (a: unknown, b: unknown) => a === b,
  ne: (a: unknown, b: unknown) => a !== b,
  lt: (a: unknown, b: unknown) => compared(a, b, (order) => order < 0),
  lte: (a: unknown, b: unknown) => compared(a, b, (order) => order <= 0),
  gt: (a: unknown, b: unknown) => compared(a, b, (order) => order > 0),
  gte: (a: unknown, b: unknown) => compared(a, b, (order) => order >= 0),
  and: (...values: readonly unknown[]) => values.slice(0, -1).every(holds),
  or: (...values: readonly unknown[]) => values.slice(0, -1).some(holds),
  not: (value: unknown) => !holds(value),
  default: (value: unknown, otherwise: unknown) => (value == null || value === '' ? otherwise : value),
  upper: (text: unknown) => worked(text).toLocaleUpperCase(locale()),
  lower: (text: unknown) => worked(text).toLocaleLowerCase(locale()),
  truncate,
  join,
  link,
};
