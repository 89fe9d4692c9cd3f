/**
 * The ids of jobs. BullMQ ignores an add whose id is that of a job that is still there, waiting, delayed or in hand:
 * so the same step twice has the same id, and whatever must come again has another. Neither may have a colon.
 */

/**
 * @param look a number of the round that queues them again, absent when they are queued for the first time: then a
 * repeat is the same job.
 */
export const planJobId = (ids: readonly string[], look?: number): string =>
  `n-${ids[0]}-${ids.length}${look === undefined ? '' : `-${look.toString(36)}`}`;

/**
 * @param dueAt of the first: a delivery that was put off, or that the sweeper queues again, has a later one, so that
 * the job it is in does not swallow the new one.
 */
export const sendJobId = (ids: readonly string[], attempt: number, dueAt: Date): string =>
  `d-${ids[0]}-${ids.length}-${attempt}-${dueAt.getTime().toString(36)}`;

/** How many ids a job carries, by its own id; 1 when it does not say. */
export const idsOfJob = (jobId: string): number => Number(/^[nd]-[^-]+-(\d+)/.exec(jobId)?.[1] ?? 1);
