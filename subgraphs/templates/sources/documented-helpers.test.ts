/** The examples of docs/template-helpers.md make what they say. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { sourceProblem } from './check-source.ts';
import { compileSource } from './compile-source.ts';
import { HELPER_NAMES } from './helper-rules.ts';
import type { Reader } from './render-run.ts';

const now = new Date('2026-03-05T12:00:00Z');
const READERS: readonly Reader[] = [
  { locale: 'en', timeZone: 'UTC', now },
  { locale: 'de', timeZone: 'Europe/Berlin', now },
];

const guide = await readFile(new URL('../../../docs/template-helpers.md', import.meta.url), 'utf8');
const examples = guide.split('\n').flatMap((line) => {
  const [, source, data, english = '', german = ''] =
    /^\| `([^`]+)` \| `([^`]+)` \| (?:`([^`]*)`)? ?\| (?:`([^`]*)`)? ?\|$/.exec(line) ?? [];
  return source === undefined || data === undefined ? [] : [{ source, data, made: [english, german] }];
});

test.each(examples)('$source with $data', ({ source, data, made }) => {
  expect(sourceProblem(source)).toBeUndefined();
  const compiled = compileSource(source.startsWith('{{link') ? 'html' : 'body', source);
  const variables = JSON.parse(data) as Record<string, unknown>;
  // Intl joins with spaces that do not break.
  expect(READERS.map((reader) => compiled(variables, reader).replace(/[\u00a0\u202f]/g, ' '))).toEqual(made);
});

test.each(HELPER_NAMES)('there is an example of %s', (name) => {
  expect(examples.some(({ source }) => new RegExp(`[{(#]${name} `).test(source))).toBe(true);
});

describe('what the examples do not show', () => {
  const body = (source: string, variables: Record<string, unknown>, reader: Reader = {}) =>
    compileSource('body', source)(variables, reader);

  test.each([
    [1, 'ar', 'واحد'],
    [2, 'ar', 'اثنان'],
    [3, 'ar', 'few'],
    [11, 'ar', 'many'],
    [100, 'ar', 'other'],
    [0, 'ar', 'zero'],
    [1, 'zh', 'other'],
    [2, 'pl', 'few'],
    [5, 'pl', 'many'],
  ])('plural of %d in %s', (n, locale, word) => {
    const source = '{{plural n zero="zero" one="واحد" two="اثنان" few="few" many="many" other="other"}}';
    expect(body(source, { n }, { locale })).toBe(word);
  });

  test.each<[string, Record<string, unknown>]>([
    ['{{date at}}{{time at}}{{datetime at}}{{relative at}}', {}],
    ['{{number n}}{{percent n}}{{currency n "EUR"}}{{plural n other="#"}}', { n: null }],
    ['{{upper n}}{{lower n}}{{truncate n 5}}{{join n}}{{link n}}{{default n ""}}', {}],
    ['{{#if (lt a b)}}x{{/if}}{{#if (gte a 1)}}x{{/if}}{{#if (eq a "x")}}x{{/if}}', {}],
  ])('%s without data makes nothing', (source, variables) => {
    expect(body(source, variables)).toBe('');
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['{{date at}}', { at: 'soon' }, '"soon" is no date'],
    ['{{date at}}', { at: {} }, 'object is no date'],
    ['{{date at}}', { at: '05.03.2026' }, '"05.03.2026" is no date'],
    ['{{date at}}', { at: '3/5/2026' }, '"3/5/2026" is no date'],
    ['{{date at}}', { at: '2026-02-30' }, '"2026-02-30" is no date'],
    ['{{date at}}', { at: '2026-13-01' }, '"2026-13-01" is no date'],
    ['{{date at}}', { at: '2026-03-05T25:00:00Z' }, 'is no date'],
    ['{{relative at}}', { at: 'Order 7' }, '"Order 7" is no date'],
    ['{{date at style}}', { at: 0, style: 'tiny' }, 'tiny is no style of dates'],
    ['{{date at timeZone="Moon"}}', { at: 0 }, 'Moon is no time zone'],
    ['{{number n}}', { n: 'many' }, '"many" is no number'],
    ['{{number n digits=99}}', { n: 1 }, 'digits are 0 to 20'],
    ['{{currency n "euro"}}', { n: 1 }, 'euro is no currency'],
    ['{{truncate n "x"}}', { n: 'a' }, 'a text is cut to a number of characters'],
    ['{{join n}}', { n: 'a' }, 'join takes a list'],
    ['{{link n}}', { n: 'java\nscript:alert(1)' }, 'a URL that runs code'],
  ])('%s with %j says what is wrong', (source, variables, message) => {
    expect(() => body(source, variables)).toThrow(message);
  });

  test.each([
    '2026-03-05T22:30:00Z',
    '2026-03-05T22:30',
    '2026-03-05 22:30:00',
    '2026-03-05 22:30:00.123456+00',
    '2026-03-05t23:30:00+0100',
    ' 2026-03-05T17:00:00.5-05:30 ',
  ])('%s is the same wherever it is read', (at) => {
    expect(body('{{datetime at}}', { at }, { timeZone: 'Europe/Berlin', locale: 'de' })).toBe(
      '05.03.2026, 23:30',
    );
  });

  test.each([
    ['2026-03-05T12:59:00Z', 'in 59 Minuten'],
    ['2026-03-06T11:00:00Z', 'in 23 Stunden'],
    // 35 and 37 hours away in Berlin, where midnight is at 23:00 UTC.
    ['2026-03-06T22:59:00Z', 'morgen'],
    ['2026-03-06T23:01:00Z', 'übermorgen'],
    ['2026-03-03T22:59:00Z', 'vorgestern'],
    ['2026-03-06', 'morgen'],
    ['2026-03-05', 'heute'],
    ['2026-03-12', 'in 1 Woche'],
    ['2026-02-05', 'vor 4 Wochen'],
    ['2026-04-10', 'in 1 Monat'],
    ['2026-12-31', 'in 10 Monaten'],
    ['2027-03-05', 'in 1 Jahr'],
  ])('%s is %s', (at, made) => {
    const reader = { locale: 'de', timeZone: 'Europe/Berlin', now: new Date('2026-03-05T12:00:00Z') };
    expect(body('{{relative at}}', { at }, reader)).toBe(made);
  });

  test('a text that is cut to what is not there is refused, where there is one', () => {
    expect(sourceProblem('{{truncate text most}}')).toBeUndefined();
    expect(() => body('{{truncate text most}}', { text: 'abc' })).toThrow('a text is cut to a number');
  });

  test('a locale or time zone that is none is English, UTC', () => {
    const at = '2026-03-05T22:30:00Z';
    expect(body('{{datetime at "long"}}', { at }, { locale: '!', timeZone: 'Nowhere/Land' })).toMatch(
      /^March 5, 2026.*10:30/,
    );
    expect(body('{{number n}}', { n: 1.5 }, { locale: 'pt_BR' })).toBe('1,5');
  });

  test.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['abcd', 1, '…'],
    ['👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 3, '👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦'],
    ['👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 3, '👩‍👩‍👧‍👦👩‍👩‍👧‍👦…'],
    ['ab cd', 4, 'ab…'],
  ])('%s cut to %d', (text, most, made) => {
    expect(body('{{truncate text most}}', { text, most })).toBe(made);
  });

  test('helpers’ results are escaped in html, and a link’s parts too', () => {
    const html = compileSource('html', '{{upper a}}{{default b a}}{{join c "<"}}{{link u a}}');
    expect(html({ a: '<i>', c: ['x', 'y'], u: 'https://a.example/"><script>' })).toBe(
      '&lt;I&gt;&lt;i&gt;x&lt;y<a href="https://a.example/&quot;&gt;&lt;script&gt;">&lt;i&gt;</a>',
    );
  });

  test('a text of links is readable', () => {
    expect(body('{{link u "Order"}} {{link u}}', { u: 'https://a.example/' })).toBe(
      'Order (https://a.example/) https://a.example/',
    );
  });
});
