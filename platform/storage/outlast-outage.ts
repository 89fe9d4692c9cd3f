/** Writes that must not be given up because the store is away for a while. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDataServiceError } from '../errors/data-service-errors.ts';

const PATIENCE_MS = 60_000;
const AGAIN_MS = 500;

/**
 * Tries again and again while a data service does not answer, for a minute.
 * @throws what `work` throws otherwise, at once; what it threw last, after that time.
 */
export async function outlastOutage<T>(work: () => Promise<T>): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isDataServiceError(error) || performance.now() > end) throw error;
      await sleep(AGAIN_MS);
    }
  }
}
