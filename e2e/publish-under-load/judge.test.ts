import { describe, expect, test } from 'vitest';
import { judge } from './judge.ts';

const of = (version: number) =>
  `title-${version}. body-${version}. partial-${version}. html-${version}. partial-${version}. route-${version}.`;
const PUBLISHES = [
  { version: 1, answeredAt: 0 },
  { version: 2, answeredAt: 10_000 },
  { version: 3, answeredAt: 20_000 },
];

describe('judge', () => {
  test.each([
    ['the newest', 25_000, of(3), 0],
    ['the one before, within the second', 20_900, of(2), 1],
    ['a version whose publish was not answered yet', 19_000, of(3), 0],
    ['the newest at once', 20_001, of(3), 0],
  ])('takes %s', (_what, sentAt, text, late) => {
    expect(judge([{ sentAt, text }], PUBLISHES, 1_000)).toMatchObject({ wrong: [], late });
  });

  test.each([
    ['the one before, after the second', 21_001, of(2), 'version 2 where 3 was in force'],
    ['one before that, within the second', 20_500, of(1), 'version 1 where 2 was in force'],
    ['a part of another version', 25_000, of(3).replace('html-3', 'html-2'), 'not wholly of one version'],
    ['the route of another version', 20_500, of(2).replace('route-2', 'route-3'), 'not wholly'],
    ['a part that is missing', 25_000, of(3).replace('html-3.', ''), 'not wholly of one version'],
    ['nothing', 25_000, '', 'not wholly of one version'],
  ])('refuses %s', (_what, sentAt, text, because) => {
    expect(judge([{ sentAt, text }], PUBLISHES, 1_000).wrong).toEqual([expect.stringContaining(because)]);
  });
});
