import { describe, expect, test } from 'vitest';
import { chooseLocale, isLocale, readerLocale } from './locale.ts';

describe('chooseLocale', () => {
  const none = undefined;
  test.each<[string, (string | undefined)[], string | undefined, number]>([
    ['the same tag', ['en', 'de', 'de-AT'], 'de-AT', 2],
    ['_ is -', ['en', 'en-US'], 'en_US', 1],
    ['_ is - in the sources too', ['en', 'en_US'], 'en-US', 1],
    ['case does not matter', ['EN', 'pt-br'], 'PT-BR', 1],
    ['the language', ['en', 'de'], 'de-CH', 1],
    ['cut part by part', ['zh', 'zh-Hant', 'en'], 'zh-Hant-TW', 1],
    ['a sibling of the language before the one without locale', [none, 'pt-BR'], 'pt-PT', 1],
    ['a region serves who asks for the language', ['en', 'pt-BR'], 'pt', 1],
    ['a language is not a prefix of letters', ['end', none], 'en', 1],
    ['without locale before the first', ['en', none, 'de'], 'fr', 1],
    ['nothing wanted: without locale', ['en', none], none, 1],
    ['nothing wanted, empty text: without locale', ['en', none], '', 1],
    ['nothing fits: the first', ['en', 'de'], 'fr', 0],
    ['nothing wanted, all have one: the first', ['en', 'de'], none, 0],
    ['what is no tag: the first', ['en', 'de'], '***', 0],
    ['there is none', [], 'en', -1],
  ])('%s', (_, available, wanted, index) => {
    expect(chooseLocale(available, wanted)).toBe(index);
  });
});

test.each([
  ['en', true],
  ['pt-BR', true],
  ['zh_Hant_TW', true],
  ['de-1996', true],
  ['default', false],
  ['Default', false],
  ['', false],
  ['e', false],
  ['en-', false],
  ['en US', false],
  ['en-US\n', false],
  [`en-${'a'.repeat(8)}-${'b'.repeat(8)}-${'c'.repeat(8)}-${'d'.repeat(8)}`, false],
])('isLocale(%j) is %s', (locale, is) => {
  expect(isLocale(locale)).toBe(is);
});

test.each([
  ['en', 'en-GB', 'en-GB'],
  ['zh_Hant', 'zh-TW', 'zh-TW'],
  ['en', 'fr', 'en'],
  [undefined, 'fr', 'fr'],
  ['de', undefined, 'de'],
  [undefined, undefined, undefined],
])('words in %s for a reader of %s have dates in %s', (written, wanted, expected) => {
  expect(readerLocale(written, wanted)).toBe(expected);
});
