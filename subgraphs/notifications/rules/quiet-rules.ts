/** What quiet hours do to a delivery that is to be attempted. Pure. */
import { quietUntil } from '../../../platform/quiet-hours/quiet-hours.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';

export type QuietMove =
  | { readonly kind: 'skip'; readonly reason: 'QUIET_HOURS' }
  | { readonly kind: 'wait'; readonly until: Date; readonly quiet: true };

/** Undefined when it is not quiet. What was tried before is never skipped: it waits. */
export function quietMove(
  { quiet, attempt, expiresAt }: Pick<DeliveryRecord, 'quiet' | 'attempt' | 'expiresAt'>,
  now: Date,
): QuietMove | undefined {
  const end = quiet && quietUntil(quiet, undefined, now);
  if (!end) return undefined;
  if (quiet.skip && attempt === 0) return { kind: 'skip', reason: 'QUIET_HOURS' };
  // By then it is EXPIRED, and not later.
  return { kind: 'wait', until: expiresAt && expiresAt < end ? expiresAt : end, quiet: true };
}
