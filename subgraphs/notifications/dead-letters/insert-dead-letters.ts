/** Writes dead letters: always in the transaction that makes their deliveries FAILED, so that none is ever missing. */
import type { ClientSession } from 'mongoose';
import type { AttemptOutcome } from '../outbox/attempt-outcome.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationModels } from '../store/models.ts';
import type { DeadLetterRecord } from './dead-letter-record.ts';
import { listKeys } from './list-keys.ts';

/** A delivery that has just become FAILED. */
export interface FailedDelivery {
  /** As it is after the failure: `attempt` counts the last one, `provider` is the one that made it. */
  readonly delivery: DeliveryRecord;
  /** Error code of the last attempt, `CHANNEL_*`. */
  readonly code: string;
  /** What the provider said. */
  readonly message?: string;
  readonly at: Date;
}

/** Runs twice without harm; without failures it asks the store nothing. */
export async function insertDeadLetters(
  models: Pick<NotificationModels, 'raw'>,
  failed: readonly FailedDelivery[],
  session: ClientSession,
): Promise<void> {
  if (failed.length === 0) return;
  await models.raw.deadLetters.bulkWrite(
    failed.map((failure) => {
      const { _id, ...fields } = deadLetterOf(failure);
      return { updateOne: { filter: { _id }, update: { $setOnInsert: fields }, upsert: true } };
    }),
    { session, ordered: true },
  );
}

/** Pure. */
export function deadLetterOf({ delivery, code, message, at }: FailedDelivery): DeadLetterRecord {
  const letter = {
    _id: delivery._id,
    workspace: delivery.workspace,
    app: delivery.app,
    notification: delivery.notification,
    channel: delivery.channel,
    ...(delivery.provider !== undefined && { provider: delivery.provider }),
    ...(delivery.user !== undefined && { user: delivery.user }),
    ...(delivery.template !== undefined && { template: delivery.template }),
    ...(delivery.event !== undefined && { event: delivery.event }),
    ...(delivery.category !== undefined && { category: delivery.category }),
    priority: delivery.priority,
    reason: code,
    ...(message !== undefined && { lastError: message }),
    attempts: delivery.attempt,
    failedAt: at,
  };
  return { ...letter, state: 'OPEN', ...listKeys(letter, 'OPEN') };
}

/** Of recorded outcomes those that end in a failure. Pure. */
export const failuresOf = (outcomes: readonly AttemptOutcome[]): FailedDelivery[] =>
  outcomes.flatMap(({ delivery, attempt, result }) =>
    result.kind === 'failed'
      ? [
          {
            delivery: { ...delivery, attempt: delivery.attempt + 1, provider: attempt.provider },
            code: attempt.errorCode ?? 'CHANNEL_INTERNAL',
            ...(attempt.errorMessage !== undefined && { message: attempt.errorMessage }),
            at: attempt.at,
          },
        ]
      : [],
  );

/** Of planned deliveries those that could not be put into words. Pure. */
export const failuresOfPlans = (deliveries: readonly DeliveryRecord[]): FailedDelivery[] =>
  deliveries.flatMap((delivery) => {
    const last = delivery.attempts.at(-1);
    return delivery.state === 'FAILED' && last
      ? [
          {
            delivery: { ...delivery, provider: last.provider },
            code: last.errorCode ?? 'CHANNEL_INTERNAL',
            ...(last.errorMessage !== undefined && { message: last.errorMessage }),
            at: last.at,
          },
        ]
      : [];
  });
