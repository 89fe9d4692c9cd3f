/** Work with a bound on its time. */
import { NoAnswerError } from '../errors/data-service-errors.ts';

/**
 * What `work` comes to, or a failure once `timeoutMs` have passed; it goes on nevertheless, and what was to be written may
 * be. For what many wait behind: the MongoDB driver (7.8) has no time-out of its own while a socket has not taken what it
 * writes (`writeCommand`), and where the server is killed in that moment it never says so.
 * @throws NoAnswerError when `work` takes longer.
 */
export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new NoAnswerError(timeoutMs)), timeoutMs);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
