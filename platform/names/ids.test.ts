import { describe, expect, it } from 'vitest';
import { firstIdAt, isCallerId, newId, timeOfId } from './ids.ts';

describe('isCallerId', () => {
  it.each(['a', '42', 'a:b|c/d', '__proto__', '$gt', 'jürgen', '日本', '👩‍💻', 'x'.repeat(200)])(
    'takes %s',
    (id) => {
      expect(isCallerId(id)).toBe(true);
    },
  );

  it.each([
    ['nothing', ''],
    ['201 characters', 'x'.repeat(201)],
    ['a space', 'a b'],
    ['a space that does not break', '\u00a0a'],
    ['a line separator', 'a\u2028b'],
    ['a line break at the end', 'a\n'],
    ['a null character', 'a\u0000'],
    ['half of a surrogate pair', '\ud83d'],
    ['the other half', 'a\ude00'],
  ])('refuses %s', (_what, id) => {
    expect(isCallerId(id)).toBe(false);
  });
});

describe('the time in an id', () => {
  it.each([0, 1, 31, 32, 1_767_225_600_123, 2 ** 48 - 1])('%i ms comes back', (ms) => {
    expect(timeOfId(newId('ntf', ms))).toBe(ms);
  });

  it.each(['', 'ntf_', 'ntf_00', 'dlv_u', `ntf_${'u'.repeat(26)}`, `${newId('ntf')}0`])(
    '%j has none',
    (id) => {
      expect(timeOfId(id)).toBeUndefined();
    },
  );

  it('divides the ids before from those at and after it', () => {
    const bound = firstIdAt('ntf', 1_000_000);
    expect(newId('ntf', 999_999) < bound).toBe(true);
    expect(newId('ntf', 1_000_000) >= bound).toBe(true);
  });
});
