/** Who has a job that was taken from its queue, and for how long. */
import type { Job } from 'bullmq';
import { sharedNow } from '../platform/clock/shared-clock.ts';

/** So long after a job was taken, the sweeper leaves its ids to whoever took it. */
export const HOLD_MS = 6_000;

/** Times in ms by the shared clock. */
export interface TakenJob {
  /** When it was put into the queue. */
  readonly queuedAt: number;
  /** Until then nobody else gets its ids, if the sweeper has not looked at them before. */
  readonly heldUntil: number;
}

/**
 * BullMQ writes down when a job is taken by the worker's own clock, before it asks Redis: so a worker that stood
 * still before it got the answer counts that time, too. A job that stalled before has been somebody else's.
 */
export function takenJob(
  job: Pick<Job, 'timestamp' | 'processedOn' | 'stalledCounter' | 'attemptsStarted'>,
): TakenJob {
  const again = job.stalledCounter > 0 || job.attemptsStarted > 1;
  const agoMs = Date.now() - (job.processedOn ?? 0);
  // Somebody set the machine's clock back in between: it is not known when it was taken.
  const heldUntil = again || agoMs < 0 ? 0 : sharedNow() + HOLD_MS - agoMs;
  return { queuedAt: job.timestamp, heldUntil };
}
