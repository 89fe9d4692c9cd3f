/** The fallback of locales, for whatever sources there are and whatever a person speaks. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseLocale, localeKey } from './locale.ts';

const language = fc.constantFrom('zh', 'en', 'ar', 'de', 'pt');
const part = fc.constantFrom('Hant', 'Hans', 'TW', 'CN', 'GB', 'BR');
const tag = fc
  .tuple(language, fc.array(part, { maxLength: 3 }), fc.constantFrom('-', '_'))
  .map(([first, parts, separator]) => [first, ...parts].join(separator));
const available = fc.array(fc.option(tag, { nil: undefined }), { minLength: 1, maxLength: 8 });

const startsWith = (longer: string, shorter: string): boolean =>
  longer === shorter || longer.startsWith(`${shorter}-`);

test('it is always one of the sources, and the longest that the wanted tag begins with', () => {
  fc.assert(
    fc.property(available, tag, (sources, wanted) => {
      const index = chooseLocale(sources, wanted);
      expect(index).toBeGreaterThanOrEqual(0);
      expect(index).toBeLessThan(sources.length);
      const key = localeKey(wanted);
      const chosen = localeKey(sources[index]);
      const fitting = sources.map(localeKey).filter((one) => one !== '' && startsWith(key, one));
      if (fitting.length > 0) expect(chosen).toBe(fitting.reduce((a, b) => (b.length > a.length ? b : a)));
      else if (sources.map(localeKey).some((one) => one.split('-')[0] === key.split('-')[0]))
        expect(chosen.split('-')[0]).toBe(key.split('-')[0]);
      else if (sources.includes(undefined)) expect(chosen).toBe('');
    }),
  );
});

test('the way a tag is written does not matter, and sources that come later change no exact choice', () => {
  fc.assert(
    fc.property(available, tag, available, (sources, wanted, more) => {
      const index = chooseLocale(sources, wanted);
      expect(chooseLocale(sources, wanted.toUpperCase().replaceAll('-', '_'))).toBe(index);
      if (localeKey(sources[index]) === localeKey(wanted))
        expect(chooseLocale([...sources, ...more], wanted)).toBe(index);
    }),
  );
});
