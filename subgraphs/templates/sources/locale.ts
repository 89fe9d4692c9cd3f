/** Which of a template's sources speaks to a person best. */

/** What `RenderedContent.locale` says of sources that name no locale. */
export const DEFAULT_LOCALE = 'default';

/** A language tag as BCP 47 writes it; `_` is taken for `-`, as POSIX and Java write it. At most 35 characters. */
export const isLocale = (locale: string): boolean =>
  locale.length <= 35 &&
  /^[a-z]{2,8}([-_][a-z0-9]{1,8})*$/i.test(locale) &&
  locale.toLowerCase() !== DEFAULT_LOCALE;

/** Equal for tags that mean the same: `en_US` and `en-us`. Absent and empty are the locale-less sources. */
export const localeKey = (locale: string | undefined): string =>
  (locale ?? '').replaceAll('_', '-').toLowerCase();

/**
 * The index in `available` (one entry for each source; undefined: names no locale) that fits `wanted` best:
 * the same tag; the tag cut from its end, part by part (RFC 4647 section 3.4, lookup); any of the same
 * language; the source without a locale; the first. -1 when there is none at all.
 */
export function chooseLocale(available: readonly (string | undefined)[], wanted: string | undefined): number {
  const keys = available.map(localeKey);
  const key = localeKey(wanted);
  if (key !== '') {
    const parts = key.split('-');
    for (let length = parts.length; length > 0; length--) {
      const found = keys.indexOf(parts.slice(0, length).join('-'));
      if (found >= 0) return found;
    }
    const sameLanguage = keys.findIndex((k) => k.startsWith(`${parts[0]}-`));
    if (sameLanguage >= 0) return sameLanguage;
  }
  const withoutLocale = keys.indexOf('');
  if (withoutLocale >= 0) return withoutLocale;
  return available.length > 0 ? 0 : -1;
}

/**
 * The language of dates and numbers in words of `written` for somebody who wants `wanted`: the reader's own where the
 * words are in the same language (`en` words have a British reader's dates) or say none; else that of the words.
 */
export function readerLocale(written: string | undefined, wanted: string | undefined): string | undefined {
  if (wanted === undefined || written === undefined) return wanted ?? written;
  const language = (tag: string) => localeKey(tag).split('-')[0];
  return language(written) === language(wanted) ? wanted : written;
}
