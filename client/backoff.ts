/** Pauses between tries: they grow, and chance spreads them so that not everybody comes back at the same moment. */

export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** The pause after `failures` (1 and more) failures in a row, in milliseconds: between half and all of the step. */
export function backoffMs(failures: number, { firstMs, longestMs }: Backoff, random = Math.random()): number {
  const step = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(step / 2 + (step / 2) * random);
}
