import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

const STEPS = { firstMs: 100, longestMs: 1_000 };

test.each([
  [1, 0, 50],
  [1, 1, 100],
  [2, 1, 200],
  [3, 0.5, 300],
  [5, 1, 1_000],
  [5_000, 0, 500],
])('after %i failures, chance %d: %i ms', (failures, random, ms) => {
  expect(backoffMs(failures, STEPS, random)).toBe(ms);
});
