/** First writes that race for one `_id`. */
import { isDuplicateKeyError } from '../../../platform/errors/data-service-errors.ts';

/** Runs an upsert; of two that both found nothing one fails, and finds the other's document when it runs again. */
export async function againWhenRaced<T>(upsert: () => Promise<T>): Promise<T> {
  try {
    return await upsert();
  } catch (error) {
    if (!isDuplicateKeyError(error)) throw error;
    return await upsert();
  }
}
