import { describe, expect, it } from 'vitest';
import { DateTimeScalar } from './scalars.ts';

describe('DateTime', () => {
  it.each([
    ['2026-01-31T09:30:00Z', '2026-01-31T09:30:00.000Z'],
    ['2026-01-31t09:30:00.25z', '2026-01-31T09:30:00.250Z'],
    ['2026-01-31T09:30:00+02:00', '2026-01-31T07:30:00.000Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['0004-02-29T00:00:00Z', '0004-02-29T00:00:00.000Z'],
  ])('takes %s', (text, utc) => {
    expect(DateTimeScalar.parseValue(text).toISOString()).toBe(utc);
  });

  it.each([
    '2026-02-29T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-11-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T09:60:00Z',
    '2026-01-31T09:30:00+99:99',
  ])('refuses %s, which does not exist', (text) => {
    expect(() => DateTimeScalar.parseValue(text)).toThrow(/not a date that exists/);
  });

  it.each(['soon', '2026-01-31', '2026-01-31 09:30:00Z', '2026-01-31T09:30:00', 5, null])(
    'refuses %s, which is no date-time',
    (value) => {
      expect(() => DateTimeScalar.parseValue(value)).toThrow(/RFC 3339/);
    },
  );
});
