import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type QuietHours, quietUntil, WEEKDAYS } from './quiet-hours.ts';

const NIGHT = { from: '22:00', to: '07:00' };

describe('quietUntil', () => {
  it.each<[string, QuietHours, string, string, string | undefined]>([
    ['before', NIGHT, 'UTC', '2026-03-03T21:59:59.999Z', undefined],
    ['at its beginning', NIGHT, 'UTC', '2026-03-03T22:00:00Z', '2026-03-04T07:00:00Z'],
    ['after midnight', NIGHT, 'UTC', '2026-03-04T06:59:59.999Z', '2026-03-04T07:00:00Z'],
    ['at its end', NIGHT, 'UTC', '2026-03-04T07:00:00Z', undefined],
    ['within one day', { from: '12:00', to: '13:00' }, 'UTC', '2026-03-04T12:30:00Z', '2026-03-04T13:00:00Z'],
    ['in a zone', NIGHT, 'Asia/Shanghai', '2026-03-03T14:00:00Z', '2026-03-03T23:00:00Z'],
    ['in a zone of half an hour', NIGHT, 'Asia/Kolkata', '2026-03-03T16:30:00Z', '2026-03-04T01:30:00Z'],
    ['in one of three quarters', NIGHT, 'Asia/Kathmandu', '2026-03-03T16:14:59Z', undefined],
    [
      'in one of their own, wherever the person lives',
      { ...NIGHT, timezone: 'America/New_York' },
      'Asia/Shanghai',
      '2026-01-03T03:00:00Z',
      '2026-01-03T12:00:00Z',
    ],
    [
      'in a zone that nobody knows, as in UTC',
      NIGHT,
      'Moon/Base',
      '2026-03-03T23:00:00Z',
      '2026-03-04T07:00:00Z',
    ],
    // Berlin, 29 March 2026: 02:00 becomes 03:00.
    ['in a night of 23 hours', NIGHT, 'Europe/Berlin', '2026-03-28T21:00:00Z', '2026-03-29T05:00:00Z'],
    [
      'with an end that is left out',
      { from: '22:00', to: '02:30' },
      'Europe/Berlin',
      '2026-03-29T00:59:00Z',
      '2026-03-29T01:00:00Z',
    ],
    [
      'with a beginning that is left out',
      { from: '02:30', to: '06:00' },
      'Europe/Berlin',
      '2026-03-29T01:00:00Z',
      '2026-03-29T04:00:00Z',
    ],
    [
      'between two ends left out',
      { from: '02:10', to: '02:50' },
      'Europe/Berlin',
      '2026-03-29T01:00:00Z',
      undefined,
    ],
    // Berlin, 25 October 2026: 03:00 becomes 02:00.
    ['in a night of 25 hours', NIGHT, 'Europe/Berlin', '2026-10-24T20:00:00Z', '2026-10-25T06:00:00Z'],
    [
      'with an end that comes twice',
      { from: '22:00', to: '02:30' },
      'Europe/Berlin',
      '2026-10-25T00:45:00Z',
      '2026-10-25T01:30:00Z',
    ],
    [
      'with a beginning that comes twice',
      { from: '02:30', to: '06:00' },
      'Europe/Berlin',
      '2026-10-25T01:10:00Z',
      '2026-10-25T05:00:00Z',
    ],
    // Lord Howe puts its clocks back by half an hour.
    [
      'over half an hour',
      { from: '01:45', to: '05:00' },
      'Australia/Lord_Howe',
      '2026-04-04T14:50:00Z',
      '2026-04-04T18:30:00Z',
    ],
    // Samoa had no 30 December 2011.
    ['over a day that never was', NIGHT, 'Pacific/Apia', '2011-12-30T09:00:00Z', '2011-12-30T17:00:00Z'],
    ['on its day', { ...NIGHT, days: ['TUESDAY'] }, 'UTC', '2026-03-03T23:00:00Z', '2026-03-04T07:00:00Z'],
    [
      'begun the day before',
      { ...NIGHT, days: ['TUESDAY'] },
      'UTC',
      '2026-03-04T05:00:00Z',
      '2026-03-04T07:00:00Z',
    ],
    ['on another day', { ...NIGHT, days: ['TUESDAY'] }, 'UTC', '2026-03-04T23:00:00Z', undefined],
    ['on no day at all', { ...NIGHT, days: [] }, 'UTC', '2026-03-04T23:00:00Z', undefined],
  ])('%s', (_what, hours, zone, now, end) => {
    expect(quietUntil(hours, zone, new Date(now))?.toISOString()).toBe(end && new Date(end).toISOString());
  });

  it('says the same as a clock on the wall, where nobody moves it', () => {
    fc.assert(
      fc.property(anyHours, anyZone, anyMoment, (hours, zone, now) => {
        // Nobody moves a clock within two days of this one.
        fc.pre(offsets(zone, now).size === 1);
        expect(quietUntil(hours, zone, now) !== undefined).toBe(quietOnTheWall(hours, zone, now));
      }),
      { numRuns: 500 },
    );
  });

  it('ends after now, is quiet until then and not at that moment', () => {
    fc.assert(
      fc.property(anyHours, anyZone, anyMoment, (hours, zone, now) => {
        const end = quietUntil(hours, zone, now);
        if (!end) return;
        expect(end.getTime()).toBeGreaterThan(now.getTime());
        // A day, and what a clock may be moved by.
        expect(end.getTime() - now.getTime()).toBeLessThan(27 * 3_600_000);
        const later = [end.getTime() - 1, (now.getTime() + end.getTime()) / 2].map((ms) =>
          quietUntil(hours, zone, new Date(ms)),
        );
        // With less in between than a clock is put back by, the next ones begin before these have ended.
        const meet = hours.to <= hours.from && minutes(hours.from) - minutes(hours.to) <= 180;
        if (meet) for (const then of later) expect(then?.getTime()).toBeGreaterThanOrEqual(end.getTime());
        else expect([...later, quietUntil(hours, zone, end)]).toEqual([end, end, undefined]);
      }),
      { numRuns: 500 },
    );
  });
});

const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
const timeOfDay = fc
  .integer({ min: 0, max: 1_439 })
  .map((m) => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`);
const anyHours: fc.Arbitrary<QuietHours> = fc
  .record({ from: timeOfDay, to: timeOfDay, days: fc.option(fc.subarray([...WEEKDAYS])) })
  .filter(({ from, to }) => from !== to)
  .map(({ from, to, days }) => ({ from, to, ...(days && { days }) }));
const anyZone = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Africa/Casablanca',
);
const anyMoment = fc.date({
  min: new Date('2024-01-01T00:00:00Z'),
  max: new Date('2027-12-31T00:00:00Z'),
  noInvalidDate: true,
});

/** The clock of `Intl`. */
function wall(zone: string, at: Date): { day: number; time: string; utcOffset: number } {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  }).formatToParts(at);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
  const shown = Date.parse(`${of('year')}-${of('month')}-${of('day')}T${of('hour')}:${of('minute')}:00Z`);
  const utcOffset = shown - Math.floor(at.getTime() / 60_000) * 60_000;
  // 1970 began on a Thursday, the fourth day of the week.
  return { day: (Math.floor(shown / 86_400_000) + 3) % 7, time: `${of('hour')}:${of('minute')}`, utcOffset };
}
const offsets = (zone: string, now: Date) =>
  new Set(
    [-48, -24, 0, 24, 48].map((hours) => wall(zone, new Date(now.getTime() + hours * 3_600_000)).utcOffset),
  );
function quietOnTheWall({ from, to, days = WEEKDAYS }: QuietHours, zone: string, now: Date): boolean {
  const { day, time } = wall(zone, now);
  const isDay = (index: number) => days.includes(WEEKDAYS[(index + 7) % 7] ?? 'MONDAY');
  if (from < to) return isDay(day) && from <= time && time < to;
  return (isDay(day) && time >= from) || (isDay(day - 1) && time < to);
}
