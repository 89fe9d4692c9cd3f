/** The id that follows one request through gateway, subgraphs and logs. */
import { randomUUID } from 'node:crypto';

const ACCEPTED = /^[A-Za-z0-9._:-]{1,128}$/;

/** A request id for work that no HTTP request started. */
export const newRequestId = (): string => randomUUID();

/**
 * The caller's own id where it is 1 to 128 letters, digits, dots, dashes, colons or underscores, else a new one:
 * the id is written into logs and headers, so nothing else may pass.
 */
export const requestIdFrom = (header: string | readonly string[] | undefined): string =>
  typeof header === 'string' && ACCEPTED.test(header) ? header : newRequestId();
