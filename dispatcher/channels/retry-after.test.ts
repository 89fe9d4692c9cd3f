import { describe, expect, it } from 'vitest';
import { parseRetryAfter, RETRY_AFTER_MAX_MS } from './retry-after.ts';

const now = new Date('2026-11-06T08:49:00.000Z');

describe('parseRetryAfter', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 7 ', 7_000],
    ['Fri, 06 Nov 2026 08:49:37 GMT', 37_000],
    ['Friday, 06-Nov-26 08:49:37 GMT', 37_000],
    ['Fri Nov  6 08:49:37 2026', 37_000],
    ['Fri, 06 Nov 2026 08:00:00 GMT', 0],
    ['99999999999999999999', RETRY_AFTER_MAX_MS],
    ['Fri, 06 Nov 2099 08:49:37 GMT', RETRY_AFTER_MAX_MS],
  ])('%s → %d ms', (value, expected) => {
    expect(parseRetryAfter(value, now)).toBe(expected);
  });

  it.each([undefined, null, '', 'soon', '-5', '1.5', '1e3', '2026-11-06', 'Fri, 99 Foo 2026 08:49:37 GMT'])(
    '%s is no Retry-After',
    (value) => {
      expect(parseRetryAfter(value, now)).toBeUndefined();
    },
  );
});
