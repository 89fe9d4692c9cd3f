import { describe, expect, it } from 'vitest';
import { checkPreferences, type PreferenceEntry } from './preference-input.ts';

const many = (count: number): PreferenceEntry[] =>
  Array.from({ length: count }, (_, i) => ({ category: `c${i}`, enabled: false }));

describe('checkPreferences', () => {
  it('keeps what is given; null means all', () => {
    expect(
      checkPreferences([
        { category: 'billing', channel: 'SMS', enabled: false },
        { category: 'billing', channel: null, enabled: true },
        { category: null, channel: 'SMS', enabled: true },
        { enabled: false },
      ]),
    ).toEqual([
      { category: 'billing', channel: 'SMS', enabled: false },
      { category: 'billing', enabled: true },
      { channel: 'SMS', enabled: true },
      { enabled: false },
    ]);
  });

  it.each<[string, PreferenceEntry[], string]>([
    ['an empty category', [{ category: '', enabled: true }], 'preferences.0.category'],
    [
      'a category with a space',
      [{ enabled: true }, { category: 'a b', enabled: true }],
      'preferences.1.category',
    ],
    ['a long category', [{ category: 'x'.repeat(101), enabled: true }], 'preferences.0.category'],
    [
      'a repeat',
      [
        { category: 'a', enabled: true },
        { category: 'a', channel: null, enabled: false },
      ],
      'preferences.1',
    ],
    ['more than 1,000', many(1_001), 'preferences'],
  ])('refuses %s', (_, entries, field) => {
    expect(() => checkPreferences(entries)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', field }),
    );
  });
});
