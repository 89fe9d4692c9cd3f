/** From a time of the day where somebody lives to a moment, also where clocks are moved there. Pure. */
import { DateTime, IANAZone } from 'luxon';

/** Which one of two: a time of the day comes twice where clocks are put back. */
export type Occurrence = 'first' | 'last';

/** `HH:MM`, 00:00 to 23:59. */
export const isTimeOfDay = (text: string): boolean => /^([01]\d|2[0-3]):[0-5]\d$/.test(text);

/** The date and time at this moment in a zone of the IANA database; in UTC where there is no such zone. */
export function localDateTime(now: Date, timezone: string): DateTime {
  // Remembered by the library, other than the answer of its `isValidZone`.
  const zone = IANAZone.create(timezone);
  return DateTime.fromJSDate(now, { zone: zone.isValid ? zone : 'UTC' });
}

/**
 * When the clocks of a zone show a time on a day. Where they are put forward over it: when that is done. Where they
 * are put back over it: the occurrence asked for.
 * @param day any moment of the day, in the zone.
 */
export function momentOf(day: DateTime, time: string, occurrence: Occurrence): Date {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  const { year, month, day: dayOfMonth } = day;
  const wanted = { year, month, day: dayOfMonth, hour, minute };
  const found = DateTime.fromObject(wanted, { zone: day.zone });
  const exists = found.day === dayOfMonth && found.hour === hour && found.minute === minute;
  if (!exists) return afterGap(found);
  const both = found.getPossibleOffsets().map((one) => one.toMillis());
  return new Date(occurrence === 'first' ? Math.min(...both) : Math.max(...both));
}

/** The next moment at which the clocks of a zone show a time; later than `after`. */
export function nextLocalTime(time: string, timezone: string, after: Date): Date {
  const local = localDateTime(after, timezone);
  for (let days = 0; ; days++) {
    const moment = momentOf(local.plus({ days }), time, 'first');
    if (moment > after) return moment;
  }
}

const DAY_MS = 24 * 3_600_000;

/** When clocks were put forward last: within a day before `moment`, which is what a time they leave out is read as. */
function afterGap(moment: DateTime): Date {
  const offsetAt = (ms: number) => moment.zone.offset(ms);
  let after = moment.toMillis();
  let before = after - DAY_MS;
  const offset = offsetAt(after);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle) === offset) after = middle;
    else before = middle;
  }
  return new Date(after);
}
