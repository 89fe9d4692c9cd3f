import { expect, test } from 'vitest';
import { boundedRun, TooMuchWork } from './bounded-run.ts';

test('gives what was made, and throws what was thrown', () => {
  expect(boundedRun(1_000, () => undefined)).toBeUndefined();
  expect(boundedRun(1_000, () => ['a'])).toEqual(['a']);
  expect(() =>
    boundedRun(1_000, () => {
      throw new SyntaxError('mine');
    }),
  ).toThrow(SyntaxError);
});

test.each<[string, () => unknown, RegExp]>([
  [
    'a loop',
    () => {
      for (;;);
    },
    /longer than 100 ms/,
  ],
  ['a pattern that backtracks', () => /^(a+)+$/.test(`${'a'.repeat(40)}!`), /longer than 100 ms/],
  ['nesting', () => ((deep: () => unknown) => deep())(endless), /nested too deep/],
])('%s is stopped', (_name, work, message) => {
  const run = () => boundedRun(100, work);
  expect(run).toThrow(TooMuchWork);
  expect(run).toThrow(message);
});

function endless(): unknown {
  return [endless()];
}
