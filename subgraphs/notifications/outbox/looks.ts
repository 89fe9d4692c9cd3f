/** When the sweeper looks at what nobody has dealt with. */

/** What a worker should take at once, and nothing has taken after this time, the sweeper queues again. */
export const FIRST_LOOK_MS = 6_000;

/** Whether a planned notification of several deliveries was completed is checked after this time, again and again. */
export const COMPLETION_LOOK_MS = 60_000;
