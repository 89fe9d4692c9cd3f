/** When the sweeper looks at what nobody has dealt with. */

/**
 * After this time the sweeper queues again what is in no queue, unless it was in one a moment ago: then a worker has
 * it. Well above the time from writing to queueing.
 */
export const FIRST_LOOK_MS = 2_000;

/** The next page of a plan that has several, should its planner be gone. Each page stored puts it off again. */
export const NEXT_PAGE_LOOK_MS = 6_000;

/** Whether a planned notification of several deliveries was completed is checked after this time, again and again. */
export const COMPLETION_LOOK_MS = 60_000;
