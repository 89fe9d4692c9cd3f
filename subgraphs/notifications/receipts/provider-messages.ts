/** Remembers which message of a provider is which delivery, for the receipts that come later. */
import type { ClientSession } from 'mongoose';
import type { AttemptOutcome } from '../outbox/attempt-outcome.ts';
import type { NotificationModels } from '../store/models.ts';
import { accountKey } from './receipt-models.ts';

/** A first or later attempt that a provider took. */
export interface Taken extends Pick<AttemptOutcome, 'attempt' | 'result'> {
  readonly id: string;
}

/** Within the transaction that says SENT; asks the store nothing where no receipts are to come. */
export async function keepProviderMessages(
  models: Pick<NotificationModels, 'raw'>,
  taken: readonly Taken[],
  session: ClientSession,
): Promise<void> {
  const messages = new Map<string, { _id: string; delivery: string; at: Date }>();
  for (const { id, attempt, result } of taken) {
    if (result.kind !== 'sent' || !result.receipts || result.providerMessageId === undefined) continue;
    const _id = accountKey(result.accountKey ?? attempt.provider, result.providerMessageId);
    messages.set(_id, { _id, delivery: id, at: attempt.at });
  }
  if (messages.size === 0) return;
  await models.raw.providerMessages.bulkWrite(
    [...messages.values()].map(({ _id, ...fields }) => ({
      updateOne: { filter: { _id }, update: { $set: fields }, upsert: true },
    })),
    { session, ordered: true },
  );
}
