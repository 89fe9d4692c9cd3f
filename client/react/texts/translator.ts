import { ar } from './ar.ts';
import { en } from './en.ts';
import type { HeraldTexts, PluralText } from './herald-texts.ts';
import { relativeTime } from './relative-time.ts';
import { zh } from './zh.ts';

const LANGUAGES: Readonly<Record<string, HeraldTexts>> = { en, zh, ar };

/** Languages of ISO 639 that are written from right to left. */
const RIGHT_TO_LEFT = new Set([
  'ar',
  'arc',
  'ckb',
  'dv',
  'fa',
  'he',
  'iw',
  'ks',
  'ps',
  'sd',
  'ug',
  'ur',
  'yi',
]);

export type Direction = 'ltr' | 'rtl';

type Keys<Kind> = { [K in keyof HeraldTexts]: HeraldTexts[K] extends Kind ? K : never }[keyof HeraldTexts];

/** The words, numbers and times of one language. */
export interface Translator {
  /** BCP 47, as the formats use it. */
  readonly locale: string;
  readonly dir: Direction;
  text(key: Keys<string>, values?: Readonly<Record<string, string>>): string;
  /** In the plural form of `count`. */
  count(key: Keys<PluralText>, count: number): string;
  number(value: number): string;
  /** How long ago, as of `nowMs`; a date when that is long ago. */
  relativeTime(atMs: number, nowMs: number): string;
  /** The day, in UTC: what a server, which doesn't know the reader's zone, can say. */
  utcDate(atMs: number): string;
  /** Day and time where the reader is. */
  dateTime(atMs: number): string;
}

/**
 * @param locale a BCP 47 tag. Languages without texts here are English, unless `overrides` bring them.
 * @param overrides replace single texts, in the language of `locale`.
 */
export function translator(locale: string, overrides: Partial<HeraldTexts> = {}): Translator {
  const wanted = parsedLocale(locale);
  const builtIn = LANGUAGES[wanted.language];
  const texts: HeraldTexts = { ...(builtIn ?? en), ...overrides };
  // English words with times in another language would be neither.
  const used = builtIn !== undefined || Object.keys(overrides).length > 0 ? wanted : new Intl.Locale('en');
  const tag = used.toString();
  const numbers = new Intl.NumberFormat(tag);
  const plurals = new Intl.PluralRules(tag);
  const days = new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeZone: 'UTC' });
  const moments = new Intl.DateTimeFormat(tag, { dateStyle: 'full', timeStyle: 'short' });
  return {
    locale: tag,
    dir: RIGHT_TO_LEFT.has(used.language) ? 'rtl' : 'ltr',
    text: (key, values = {}) => filled(texts[key], values),
    count: (key, count) =>
      filled(texts[key][plurals.select(count)] ?? texts[key].other, { count: numbers.format(count) }),
    number: (value) => numbers.format(value),
    relativeTime: (atMs, nowMs) => relativeTime(atMs, nowMs, tag, texts.justNow),
    utcDate: (atMs) => days.format(atMs),
    dateTime: (atMs) => moments.format(atMs),
  };
}

/** English where it is not a BCP 47 tag: a wrong `lang` attribute must not break a page. */
function parsedLocale(locale: string): Intl.Locale {
  try {
    return new Intl.Locale(locale);
  } catch {
    return new Intl.Locale('en');
  }
}

/** In one pass: a title that contains `{count}` stays as it is. */
function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
