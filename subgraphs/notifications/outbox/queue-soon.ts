/** Which held-back deliveries are queued for their time, and which are left to the sweeper. Pure. */
import type { QueuedDelivery } from '../../../platform/queues/enqueue-sends.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import { queuedOf } from './sweep.ts';

/** A longer wait is left to the sweeper, which is some seconds late: Redis is no calendar, and most of it never has to be sent. */
const MAX_QUEUED_WAIT_MS = 5 * 60_000;

/** One that is due, or soon. One that waits for the end of the step before has no time of its own: that end brings it. */
export function queuedSoon(delivery: DeliveryRecord, now: Date): QueuedDelivery[] {
  const { nextAttemptAt, chain, held } = delivery;
  if (!nextAttemptAt) return [];
  const waitMs = nextAttemptAt.getTime() - now.getTime();
  const hasTime = waitMs <= 0 || (held && held.until >= nextAttemptAt) || chain?.afterSeconds !== undefined;
  return hasTime && waitMs <= MAX_QUEUED_WAIT_MS ? [queuedOf(delivery, nextAttemptAt)] : [];
}
