/** Work of libraries that may take for ever on hostile sources: stopped when its time is over. */
import { createContext, runInContext } from 'node:vm';

/** The message is for people. */
export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork';
}

/**
 * Runs what does not wait for anything. The engine itself ends it, also in the middle of a regular expression; what
 * the work has changed outside of it by then stays.
 * @throws TooMuchWork when it takes longer than `milliseconds`, or is nested too deep for the stack; else what `work` throws.
 */
export function boundedRun<T>(milliseconds: number, work: () => T): T {
  let made: { readonly value: T } | undefined;
  const context = createContext({
    run: () => {
      made = { value: work() };
    },
  });
  try {
    runInContext('run()', context, { timeout: milliseconds });
  } catch (error) {
    if (isStackOverflow(error)) throw new TooMuchWork(TOO_DEEP);
    if (isTimeout(error)) throw new TooMuchWork(`It takes longer than ${milliseconds} ms.`);
    throw error;
  }
  if (made === undefined) throw new TypeError('The work ended without a result.');
  return made.value;
}

export const TOO_DEEP = 'Its tags are nested too deep.';

export const isStackOverflow = (error: unknown): boolean =>
  error instanceof RangeError && /call stack/.test(error.message);

/** Node makes it in the other context: no `instanceof Error` holds of it. */
const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
