import { describe, expect, it } from 'vitest';
import { offsetOf } from './shared-clock.ts';

const HOUR = 3_600_000;

describe('offsetOf', () => {
  it.each([
    ['clocks that agree', 1_000, 1_002, 1_001, 0],
    ['half a second is nothing', 1_000, 1_002, 1_499, 0],
    ['an hour behind', 1_000, 1_002, 1_001 + HOUR, HOUR],
    ['an hour ahead', 1_000 + HOUR, 1_002 + HOUR, 1_001, -HOUR],
    ['a slow answer explains two seconds', 1_000, 5_000, 1_000, 0],
    ['a slow answer does not explain an hour', 1_000, 5_000, HOUR + 3_000, HOUR],
  ])('%s', (_what, askedAt, answeredAt, redisAt, offset) => {
    expect(offsetOf(askedAt, answeredAt, redisAt)).toBe(offset);
  });
});
