import { describe, expect, it } from 'vitest';
import { isBefore, nextMarks, predecessor } from './log-position.ts';

describe('isBefore', () => {
  it.each([
    ['0-0', '1-0', true],
    ['9-0', '10-0', true],
    ['10-0', '9-5', false],
    ['10-9', '10-10', true],
    ['10-10', '10-10', false],
    ['10-18446744073709551614', '10-18446744073709551615', true],
  ])('%s before %s: %s', (a, b, expected) => {
    expect(isBefore(a, b)).toBe(expected);
  });
});

describe('predecessor', () => {
  it.each([
    ['10-3', '10-2'],
    ['10-0', '9-18446744073709551615'],
    ['0-0', '0-0'],
  ])('of %s is %s', (position, expected) => {
    expect(predecessor(position)).toBe(expected);
  });
});

describe('nextMarks', () => {
  it.each<[string[], string, string[]]>([
    [[], '1000-0', ['1000-0']],
    [['1000-0'], '10999-5', ['1000-0']],
    [['1000-0'], '11000-0', ['1000-0', '11000-0']],
    [['1000-0', '11000-0'], '20999-0', ['1000-0', '11000-0']],
    [['1000-0', '11000-0'], '21000-1', ['11000-0', '21000-1']],
    [['1000-0', '11000-0'], '5-0', ['5-0']],
  ])('%j, then %s: %j', (marks, position, expected) => {
    expect(nextMarks(marks, position)).toEqual(expected);
  });
});
