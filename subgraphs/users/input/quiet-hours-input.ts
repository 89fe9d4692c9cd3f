/** Checks quiet hours as callers give them. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import { isTimeOfDay } from '../../../platform/local-time/local-time.ts';
import type { QuietHours, Weekday } from '../../../platform/quiet-hours/quiet-hours.ts';
import { isTimeZone } from './user-input.ts';

export interface QuietHoursEntry {
  readonly from: string;
  readonly to: string;
  readonly timezone?: string | null;
  readonly days?: readonly Weekday[] | null;
}

/** @throws HeraldError BAD_USER_INPUT, `field` being for example `quietHours.from`. */
export function checkQuietHours(entry: QuietHoursEntry | null | undefined): QuietHours | undefined {
  if (entry == null) return undefined;
  const { from, to, timezone, days } = entry;
  for (const [name, time] of Object.entries({ from, to }))
    if (!isTimeOfDay(time))
      throw badInput(
        `quietHours.${name}`,
        'Must be a time of the day from 00:00 to 23:59, for example 22:00.',
      );
  if (from === to)
    throw badInput('quietHours.to', 'Must differ from `from`. For none at all give `days: []`.');
  if (timezone != null && !isTimeZone(timezone))
    throw badInput(
      'quietHours.timezone',
      'Must be a time zone of the IANA database, for example Europe/Berlin.',
    );
  return {
    from,
    to,
    ...(timezone != null && { timezone }),
    ...(days != null && { days: [...new Set(days)] }),
  };
}
