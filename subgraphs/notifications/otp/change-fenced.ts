/** Changes one document by a pure decision, as if nobody else did. */
import type { mongo } from 'mongoose';
import { isDuplicateKeyError } from '../../../platform/errors/data-service-errors.ts';
import { unavailable } from '../../../platform/errors/herald-error.ts';

interface Revised {
  readonly _id: string;
  readonly revision: number;
}

/** Each loser of a round has another one's change to decide by; a code allows few. */
const MAX_ROUNDS = 50;

/**
 * Writes what `decide` makes of the stored document, where nobody has written since it was read; otherwise decides
 * again. Of those who come at once each sees what the others before it did.
 * @param decide without `next`, nothing is written.
 * @throws HeraldError UNAVAILABLE when others are faster each time.
 */
export async function changeFenced<T extends Revised, D extends { readonly next?: T }>(
  collection: mongo.Collection<T>,
  id: string,
  decide: (before: T | undefined) => D,
): Promise<{ readonly decision: D; readonly before: T | undefined }> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const found = await collection.findOne({ _id: id } as mongo.Filter<T>);
    const before = (found ?? undefined) as T | undefined;
    const decision = decide(before);
    if (!decision.next || (await isWritten(collection, id, before, decision.next)))
      return { decision, before };
  }
  throw unavailable('Too many ask for the same at once. Try again.');
}

async function isWritten<T extends Revised>(
  collection: mongo.Collection<T>,
  id: string,
  before: T | undefined,
  next: T,
): Promise<boolean> {
  if (before) {
    const filter = { _id: id, revision: before.revision } as mongo.Filter<T>;
    const { matchedCount } = await collection.replaceOne(filter, next as unknown as mongo.WithoutId<T>);
    return matchedCount === 1;
  }
  try {
    await collection.insertOne(next as unknown as mongo.OptionalUnlessRequiredId<T>);
    return true;
  } catch (error) {
    if (isDuplicateKeyError(error)) return false;
    throw error;
  }
}
