import { describe, expect, it } from 'vitest';
import { isCallerId } from './ids.ts';

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
