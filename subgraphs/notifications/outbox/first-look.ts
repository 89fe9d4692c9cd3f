/** What a worker should take at once, and nothing has taken after this time, the sweeper queues again. */
export const FIRST_LOOK_MS = 10_000;
