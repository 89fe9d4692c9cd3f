import { expect, it } from 'vitest';
import { merged, type Part } from './merged.ts';
import type { Row } from './row.ts';

const row = (scenario: string, seed: number) => ({ scenario, seed }) as Row;
const part = (changes: Partial<Part>): Part => ({
  rows: [],
  skipped: [],
  engines: [],
  kept: undefined,
  minutes: 1,
  ...changes,
});

it('puts the rows of all parts into the order of the scenarios', () => {
  const whole = merged(
    [
      part({ rows: [row('b', 2), row('b', 1)], engines: ['x', 'y'], minutes: 2 }),
      part({ rows: [row('a', 1)], engines: ['y'], skipped: [{ title: 'c', why: 'no' }], minutes: 3 }),
    ],
    ['a', 'b', 'c'],
  );
  expect(whole.rows.map(({ scenario, seed }) => `${scenario}${seed}`)).toEqual(['a1', 'b1', 'b2']);
  expect(whole).toMatchObject({ engines: ['x', 'y'], minutes: 5, skipped: [{ title: 'c' }] });
});
