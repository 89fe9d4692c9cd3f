/** Values as a reader of a language and time zone writes them (ECMA-402). All tolerate what is missing: no text. */
import { LRUCache } from 'lru-cache';
import { localDateTime } from '../../../platform/local-time/local-time.ts';

export const DATE_STYLES = ['full', 'long', 'medium', 'short'] as const;
export type DateStyle = (typeof DATE_STYLES)[number];

/** Making a formatter takes longer than a whole render. */
const made = new LRUCache<string, object>({ max: 500 });

function once<T extends object>(key: string, make: () => T): T {
  const found = made.get(key);
  // Each key begins with the kind of its formatter.
  if (found) return found as T;
  const fresh = make();
  made.set(key, fresh);
  return fresh;
}

const DEFAULT_LANGUAGE = 'en';

/** The tag as Intl takes it: `pt_BR` is one, and what is none is English. */
export const usableLocale = (tag: string | undefined): string =>
  once(`locale ${tag}`, () => {
    try {
      return { tag: Intl.getCanonicalLocales((tag ?? DEFAULT_LANGUAGE).replaceAll('_', '-'))[0] };
    } catch (error) {
      if (error instanceof RangeError) return { tag: DEFAULT_LANGUAGE };
      throw error;
    }
  }).tag ?? DEFAULT_LANGUAGE;

/** The zone where it is one; else UTC. */
export const usableTimeZone = (zone: string | undefined): string =>
  once(`zone ${zone}`, () => ({ zone: zone !== undefined && isTimeZone(zone) ? zone : 'UTC' })).zone;

export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** A day without a time is the same day everywhere. */
const isDay = (value: unknown): boolean => typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);

/**
 * @param value an ISO 8601 string, milliseconds since 1970, or a Date.
 * @throws Error for what is none.
 */
export function formatDate(
  value: unknown,
  parts: { readonly date?: DateStyle; readonly time?: DateStyle },
  locale: string,
  timeZone: string,
): string {
  const at = dateOf(value);
  if (!at) return '';
  const zone = isDay(value) ? 'UTC' : timeZone;
  return once(
    `date ${locale} ${zone} ${parts.date ?? ''} ${parts.time ?? ''}`,
    () =>
      new Intl.DateTimeFormat(locale, {
        timeZone: zone,
        ...(parts.date && { dateStyle: parts.date }),
        ...(parts.time && { timeStyle: parts.time }),
      }),
  ).format(at);
}

const CLOCK: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
];
/** How many days each has, and how many of it are told at most. */
const CALENDAR: readonly (readonly [Intl.RelativeTimeFormatUnit, number, number])[] = [
  ['week', 7, 4],
  ['month', 30.44, 11],
  ['year', 365.25, Number.POSITIVE_INFINITY],
];

/**
 * "in 3 hours", "yesterday", "2 weeks ago": from a day on by the calendar of the zone, where what is 25 hours away may be
 * the day after tomorrow. @throws Error for what is no date.
 */
export function formatRelative(value: unknown, now: Date, locale: string, timeZone: string): string {
  const at = dateOf(value);
  if (!at) return '';
  const format = (numeric: 'auto' | 'always') =>
    once(`relative ${numeric} ${locale}`, () => new Intl.RelativeTimeFormat(locale, { numeric }));
  let amount = (at.getTime() - now.getTime()) / 1_000;
  for (const [unit, next] of isDay(value) ? [] : CLOCK) {
    if (Math.abs(Math.round(amount)) < next) return format('auto').format(Math.round(amount), unit);
    amount /= next;
  }
  const days = dayOf(at, isDay(value) ? 'UTC' : timeZone) - dayOf(now, timeZone);
  if (Math.abs(days) < 7) return format('auto').format(days, 'day');
  for (const [unit, length, most] of CALENDAR) {
    const count = Math.round(days / length);
    // "Next month" is not always what is a month away.
    if (Math.abs(count) <= most) return format('always').format(count, unit);
  }
  return '';
}

/** Of the calendar that hangs there, counted from 1970. */
function dayOf(at: Date, timeZone: string): number {
  const { year, month, day } = localDateTime(at, timeZone);
  return Date.UTC(year, month - 1, day) / 86_400_000;
}

/** @throws Error for what is no number. */
export function formatNumber(
  value: unknown,
  style: { readonly currency?: string; readonly percent?: boolean; readonly digits?: number },
  locale: string,
): string {
  const number = numberOf(value);
  if (number === undefined) return '';
  const { currency, percent, digits } = style;
  const key = `number ${locale} ${currency ?? ''} ${percent ?? ''} ${digits ?? ''}`;
  return once(
    key,
    () =>
      new Intl.NumberFormat(locale, {
        ...(currency !== undefined && { style: 'currency', currency }),
        ...(percent && { style: 'percent' }),
        ...(digits !== undefined && { minimumFractionDigits: digits, maximumFractionDigits: digits }),
      }),
  ).format(number);
}

/** The word of the language's category (https://cldr.unicode.org/index/cldr-spec/plural-rules) for a number, `#` in it. */
export function formatPlural(
  value: unknown,
  words: Readonly<Partial<Record<Intl.LDMLPluralRule, string>>> & { readonly other: string },
  locale: string,
): string {
  const number = numberOf(value);
  if (number === undefined) return '';
  const category = once(`plural ${locale}`, () => new Intl.PluralRules(locale)).select(number);
  return (words[category] ?? words.other).replaceAll('#', () => formatNumber(number, {}, locale));
}

/** Whole characters as people see them, and dots for what is left out; at most `most` with the dots. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  // Where the last character that has room beside the dots begins.
  let [count, end] = [0, 0];
  for (const { index } of new Intl.Segmenter().segment(text)) {
    if (count === most - 1) end = index;
    if (++count > most) return `${text.slice(0, end).trimEnd()}…`;
  }
  return text;
}

function dateOf(value: unknown): Date | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const at =
    value instanceof Date
      ? value
      : typeof value === 'number'
        ? new Date(value)
        : typeof value === 'string'
          ? dateOfText(value)
          : undefined;
  if (!at || Number.isNaN(at.getTime())) throw new Error(`${shown(value)} is no date`);
  return at;
}

const ISO_DATE =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(?:Z|([+-]\d\d)(?::?(\d\d))?)?)?$/i;

/**
 * ISO 8601, also as databases write it (`2026-03-05 22:30:00+00`); UTC without an offset. Nothing else: `Date` takes
 * `05.03.2026` for the third of May, a time without an offset for the machine's, and February 30 for March 2.
 */
function dateOfText(text: string): Date | undefined {
  const [matched, day = '', time = '00:00', hours = '+00', minutes = '00'] = ISO_DATE.exec(text.trim()) ?? [];
  if (matched === undefined || !new Date(`${day}T00:00Z`).toJSON()?.startsWith(day)) return undefined;
  return new Date(`${day}T${time}${hours}:${minutes}`);
}

function numberOf(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const number = typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN;
  if (!Number.isFinite(number)) throw new Error(`${shown(value)} is no number`);
  return number;
}

const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? JSON.stringify(value) : typeof value;
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
};
