import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHANNELS } from '../graphql/contract-enums.ts';
import { contentSize } from './content-size.ts';
import { CUT_LIMITS, truncateContent } from './truncate-content.ts';

const x = (n: number) => 'x'.repeat(n);
const han = (n: number) => '汉'.repeat(n);

describe('an SMS of so many segments', () => {
  it.each([
    ['', 1, ''],
    [x(160), 1, x(160)],
    [x(161), 1, `${x(157)}...`],
    [x(400), 2, `${x(303)}...`],
    [han(71), 1, `${han(69)}…`],
    [han(200), 2, `${han(133)}…`],
    // What is cut off does not make the rest dear.
    [`${x(200)}🎉`, 1, `${x(157)}...`],
    [`${x(150)} ${x(50)}`, 1, `${x(150)} ${x(6)}...`],
    [`${x(156)} ${x(50)}`, 1, `${x(156)}...`],
    // An escaped character takes two septets, both or none.
    [`${x(156)}€€${x(9)}`, 1, `${x(156)}...`],
    [`${x(155)}€€${x(9)}`, 1, `${x(155)}€...`],
    // One that people see as one stays whole, or goes.
    [`${han(66)}👩‍👩‍👧‍👦${han(9)}`, 1, `${han(66)}…`],
    [`${han(57)}👩‍👩‍👧‍👦${han(9)}`, 1, `${han(57)}👩‍👩‍👧‍👦${han(1)}…`],
    [`${han(68)}e\u0301${han(9)}`, 1, `${han(68)}…`],
  ])('%j in %d → %j', (body, segments, expected) => {
    const made = truncateContent({ channel: 'SMS', body }, segments);
    expect(made.body).toBe(expected);
    expect(contentSize(made).sms?.segments).toBeLessThanOrEqual(segments);
  });
});

it.each([
  ['EMAIL', { body: x(100_000) }, x(100_000)],
  ['SMS', { body: x(1_601) }, `${x(1_597)}...`],
  ['TELEGRAM', { title: 'T', body: x(5_000) }, `${x(4_093)}…`],
  ['WECOM', { body: han(1_000) }, `${han(681)}…`],
  // The title makes it UCS-2: there is nothing to be saved by three dots.
  ['SMS', { title: '汉', body: x(1_700) }, `${x(1_597)}…`],
  // A url in the part that is kept is sent once, in one that is cut off it is sent besides.
  [
    'SMS',
    { url: 'https://a.example/', body: `https://a.example/ ${x(1_700)}` },
    `https://a.example/ ${x(1_578)}...`,
  ],
  ['SMS', { url: 'https://a.example/', body: `${x(1_590)} https://a.example/` }, `${x(1_578)}...`],
  // A title that is too long by itself stays as it is: the body cannot help.
  ['SMS', { title: x(1_700), body: 'Body' }, '...'],
] as const)('%s %o', (channel, content, body) => {
  expect(truncateContent({ channel, ...content })).toEqual({ channel, ...content, body });
});

it('cuts megabytes in no time, and one character of thousands of marks', () => {
  const start = performance.now();
  truncateContent({ channel: 'SLACK', body: '👩‍👩‍👧‍👦'.repeat(100_000) });
  expect(truncateContent({ channel: 'SMS', body: `a${'\u0301'.repeat(200_000)}` }).body).toBe('...');
  expect(performance.now() - start).toBeLessThan(10_000);
});

it('what is cut fits, begins as the whole does and ends with a whole character', () => {
  const piece = fc.constantFrom(
    'x',
    ' ',
    '\n',
    '€',
    '汉',
    '🎉',
    '👩‍👩‍👧‍👦',
    'e\u0301',
    '🇩🇪',
    'https://a.example/',
  );
  const text = fc.tuple(fc.array(piece, { maxLength: 60 }), fc.integer({ min: 1, max: 60 }));
  fc.assert(
    fc.property(
      fc.constantFrom(...CHANNELS),
      text,
      fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
      fc.option(fc.constant('https://a.example/'), { nil: undefined }),
      (channel, [pieces, times], maxSegments, url) => {
        const body = pieces.join('').repeat(times);
        const made = truncateContent({ channel, title: 'T', body, ...(url && { url }) }, maxSegments);
        const { characters, bytes, sms } = contentSize(made);
        const limit = CUT_LIMITS[channel];
        if (limit) expect(limit.unit === 'BYTES' ? bytes : characters).toBeLessThanOrEqual(limit.most);
        if (sms && maxSegments) expect(sms.segments).toBeLessThanOrEqual(maxSegments);
        if (made.body === body) return;
        const kept = made.body.replace(/(\.\.\.|…)$/, '');
        expect(body.startsWith(kept)).toBe(true);
        const starts = new Set([...new Intl.Segmenter().segment(body)].map(({ index }) => index));
        expect(starts.has(kept.length)).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});
