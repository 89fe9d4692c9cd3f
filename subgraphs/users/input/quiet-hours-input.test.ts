import { describe, expect, it } from 'vitest';
import { checkQuietHours, type QuietHoursEntry } from './quiet-hours-input.ts';

const NIGHT = { from: '22:00', to: '07:00' };

describe('checkQuietHours', () => {
  it.each<[QuietHoursEntry | null, unknown]>([
    [null, undefined],
    [NIGHT, NIGHT],
    [{ ...NIGHT, timezone: null, days: null }, NIGHT],
    [
      { ...NIGHT, timezone: 'Europe/Berlin' },
      { ...NIGHT, timezone: 'Europe/Berlin' },
    ],
    [
      { ...NIGHT, days: ['SUNDAY', 'SUNDAY'] },
      { ...NIGHT, days: ['SUNDAY'] },
    ],
    [
      { ...NIGHT, days: [] },
      { ...NIGHT, days: [] },
    ],
  ])('takes %j', (entry, expected) => {
    expect(checkQuietHours(entry)).toEqual(expected);
  });

  it.each<[QuietHoursEntry, string]>([
    [{ ...NIGHT, from: '24:00' }, 'quietHours.from'],
    [{ ...NIGHT, from: '7:00' }, 'quietHours.from'],
    [{ ...NIGHT, to: '07:60' }, 'quietHours.to'],
    [{ from: '07:00', to: '07:00' }, 'quietHours.to'],
    [{ ...NIGHT, timezone: 'Berlin' }, 'quietHours.timezone'],
    [{ ...NIGHT, timezone: '+01:00' }, 'quietHours.timezone'],
  ])('refuses %j', (entry, field) => {
    expect(() => checkQuietHours(entry)).toThrow(
      expect.objectContaining({ extensions: expect.objectContaining({ code: 'BAD_USER_INPUT', field }) }),
    );
  });
});
