/**
 * Positions in the event log, and marks by which a log is recognised. Pure. A position is a stream id of Redis:
 * milliseconds and a sequence number (https://redis.io/docs/latest/develop/data-types/streams/#entry-ids).
 */

/** Before every batch. */
export const START = '0-0';

/** Farther apart than what Redis may lose of its end when it is killed (`appendfsync everysec`: about two seconds). */
const MARKS_APART_MS = 10_000;

const MAX_SEQUENCE = 2n ** 64n - 1n;

export function isBefore(a: string, b: string): boolean {
  const [first, second] = [partsOf(a), partsOf(b)];
  return first.ms < second.ms || (first.ms === second.ms && first.sequence < second.sequence);
}

/** The greatest position before one: reading after it gives the one itself, if it is there. */
export function predecessor(position: string): string {
  const { ms, sequence } = partsOf(position);
  if (sequence > 0n) return `${ms}-${sequence - 1n}`;
  return ms > 0 ? `${ms - 1}-${MAX_SEQUENCE}` : START;
}

/**
 * One or two folded batches, oldest first. When Redis has lost the end of the log, and more than that is left, one
 * of them is still there; when the log is another one, none is.
 * @param position of the first batch of a fold.
 */
export function nextMarks(marks: readonly string[], position: string): readonly string[] {
  const newest = marks.at(-1);
  if (newest === undefined) return [position];
  // A position below the marks is in another log, of which they know nothing.
  if (isBefore(position, newest)) return [position];
  return partsOf(position).ms - partsOf(newest).ms < MARKS_APART_MS ? marks : [newest, position];
}

function partsOf(position: string): { readonly ms: number; readonly sequence: bigint } {
  const [ms = '0', sequence = '0'] = position.split('-');
  return { ms: Number(ms), sequence: BigInt(sequence) };
}
