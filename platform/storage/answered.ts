/** A bound on what the MongoDB driver may never come back from. */
import { NoAnswerError } from '../errors/data-service-errors.ts';

/**
 * What `work` comes to, or a failure once `ms` have passed. The driver (7.8) waits without a time-out until a socket has
 * taken what it writes (`writeCommand`): one that is closed just then, as its server is killed, never says so. What waits
 * behind such a write would wait for ever.
 * @param ms longer than an honest answer takes. What was to be written may be written still.
 * @throws NoAnswerError
 */
export async function answered<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new NoAnswerError(ms)), ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
