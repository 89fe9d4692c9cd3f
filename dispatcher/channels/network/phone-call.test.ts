import { describe, expect, it } from 'vitest';
import { piecesOf, ringSeconds, spokenLanguage, spokenTexts } from './phone-call.ts';

const TAGS = [
  'en-US',
  'en-GB',
  'de-DE',
  'bn-IN',
  'zh-CN',
  'zh-TW',
  'zh-HK',
  'nb-NO',
  'fil-PH',
  'he-IL',
] as const;

const now = new Date('2030-01-01T00:00:00Z');

it.each([
  [undefined, 60],
  [30_999, 30],
  [3_600_000, 60],
  [-5, 1],
])('a message that expires in %s ms lets the phone ring %s s', (ms, seconds) => {
  expect(ringSeconds(ms === undefined ? ms : new Date(now.getTime() + ms), now)).toBe(seconds);
});

it.each([
  [{ title: 'T', body: 'B' }, ['T', 'B']],
  [{ title: ' ', body: 'B' }, ['B']],
  [{ body: '\n' }, []],
])('of %o is read %o', (message, texts) => expect(spokenTexts(message)).toEqual(texts));

describe('spokenLanguage', () => {
  it.each([
    ['en', 'en-US'],
    ['en-GB', 'en-GB'],
    ['en-gb', 'en-GB'],
    ['en-NZ', 'en-US'],
    ['de', 'de-DE'],
    ['de-AT', 'de-DE'],
    ['bn', 'bn-IN'],
    ['zh', 'zh-CN'],
    ['zh-Hans', 'zh-CN'],
    ['zh-Hant', 'zh-TW'],
    ['zh-HK', 'zh-HK'],
    ['no', 'nb-NO'],
    ['nn-NO', 'nb-NO'],
    ['tl', 'fil-PH'],
    ['iw', 'he-IL'],
    ['sw', undefined],
    ['default', undefined],
    ['', undefined],
    ['not a locale', undefined],
  ])('%j is read in %s', (locale, tag) => expect(spokenLanguage(locale, TAGS)).toBe(tag));
});

describe('piecesOf', () => {
  it.each([
    ['', 5, []],
    ['short', 5, ['short']],
    ['One. Two. Three.', 11, ['One. Two. ', 'Three.']],
    ['one two three', 8, ['one two ', 'three']],
    ['xxxxxxx', 3, ['xxx', 'xxx', 'x']],
    ['好的。再见。', 9, ['好的。', '再见。']],
    ['🎉🎉', 4, ['🎉', '🎉']],
    // One that people see as one stays whole.
    ['e\u0301e\u0301', 4, ['e\u0301', 'e\u0301']],
  ])('%j in %d bytes is %j', (text, bytes, pieces) => expect(piecesOf(text, bytes)).toEqual(pieces));

  it('loses nothing', () => {
    const text = 'Ihre Bestellung №7 — 好的 🎉\nשלום, zwölf Boxkämpfer. Und noch einer! '.repeat(40);
    for (const bytes of [20, 100, 1_500]) {
      const pieces = piecesOf(text, bytes);
      expect(pieces.join('')).toBe(text);
      expect(Math.max(...pieces.map((piece) => Buffer.byteLength(piece)))).toBeLessThanOrEqual(bytes);
    }
  });
});
