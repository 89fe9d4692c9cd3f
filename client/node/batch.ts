/** How sends become requests: pure decisions, tested by tables. */
import { HeraldConnectionError, HeraldRequestError } from '../errors.ts';

/** Of the contract. */
export const MAX_INPUTS = 1_000;
/** Well below what a gateway takes as one request (1 MiB unless its operator said otherwise). */
export const MAX_BATCH_BYTES = 512 * 1_024;

/** Codes by which Herald asks to try again, or cannot say better. */
const AGAIN = new Set(['UNAVAILABLE', 'RATE_LIMITED', 'INTERNAL_SERVER_ERROR']);

/** Whether a repeat may succeed. What a send repeats is done once, by its idempotency key. */
export const isRetryable = (error: unknown): boolean =>
  error instanceof HeraldConnectionError || (error instanceof HeraldRequestError && AGAIN.has(error.code));

/** Whether a request was refused for what one of its inputs looks like: it cannot even be read. */
export const isBadInput = (error: unknown): error is HeraldRequestError =>
  error instanceof HeraldRequestError && error.code === 'BAD_USER_INPUT';

/** Entries in order, in groups of at most so many entries and bytes; a larger one is a group of its own. */
export function batchesOf<T extends { readonly bytes: number }>(
  entries: readonly T[],
  { maxEntries = MAX_INPUTS, maxBytes = MAX_BATCH_BYTES } = {},
): T[][] {
  const batches: T[][] = [];
  let last: T[] | undefined;
  let bytes = 0;
  for (const entry of entries) {
    if (!last || last.length === maxEntries || bytes + entry.bytes > maxBytes) {
      last = [];
      bytes = 0;
      batches.push(last);
    }
    last.push(entry);
    bytes += entry.bytes;
  }
  return batches;
}

/** The inputs' places that a refusal names in its errors, for example 3 for `inputs.3.to.0.user`. */
export function namedInputs({ errors }: HeraldRequestError): Map<number, HeraldRequestError> {
  const named = new Map<number, HeraldRequestError>();
  for (const error of errors) {
    const { field } = error.extensions ?? {};
    const place = typeof field === 'string' ? /^inputs\.(\d+)(?:\.|$)/.exec(field)?.[1] : undefined;
    if (place === undefined || typeof field !== 'string') continue;
    const extensions = { ...error.extensions, field: fieldOfOne(field) };
    if (!named.has(Number(place)))
      named.set(Number(place), new HeraldRequestError([{ ...error, extensions }]));
  }
  return named;
}

/** As the sender of one input knows it: `inputs.3.to.0.user` is `input.to.0.user`. */
export const fieldOfOne = (field: string): string => field.replace(/^inputs\.\d+/, 'input');
