/** How long a delivery is waited for in hand, and from when on it comes back some other time. */
import type { Priority } from '../../platform/graphql/contract-enums.ts';

/** Waits up to this are made here; for longer ones a delivery is put off. */
export const PATIENCE_MS: Readonly<Record<Priority, number>> = { HIGH: 5_000, MEDIUM: 2_000, LOW: 2_000 };
/** A place in an account's window is free within the time of an attempt: for that one waits longer. */
export const PLACE_PATIENCE_MS = 5_000;
/** For longer waits a delivery is claimed first, to see when it expires: it may have to come back before. */
export const LONG_WAIT_MS = 60_000;
