/**
 * Writes the outcomes of attempts in one transaction: equal changes as one update over ids and fence, dead letters
 * and the completion of notifications with them (a single update costs a sync to disk each). A result is written
 * only where its worker still holds the delivery, so that a stalled worker that wakes up changes nothing.
 */
import type { Connection } from 'mongoose';
import type { HeraldEvent } from '../../../platform/event-log/events.ts';
import { enterTallies } from '../../../platform/event-log/tally-ledger.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import { supersedeFailures } from '../chains/supersede-failures.ts';
import { countDeadLetters } from '../dead-letters/dead-letter-metrics.ts';
import { failuresOf, insertDeadLetters } from '../dead-letters/insert-dead-letters.ts';
import { keepProviderMessages } from '../receipts/provider-messages.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationModels } from '../store/models.ts';
import type { AttemptOutcome } from './attempt-outcome.ts';
import { changeHeld } from './change-held.ts';
import { completeSole, completionEvents } from './completion.ts';
import { deliveryEvent } from './delivery-events.ts';
import { afterAttempt } from './delivery-of-plan.ts';

/** What was really written: the outcomes whose fence still held. */
export interface RecordedOutcomes {
  readonly written: readonly AttemptOutcome[];
  readonly events: readonly HeraldEvent[];
}

export async function recordOutcomes(
  connection: Connection,
  models: NotificationModels,
  outcomes: readonly AttemptOutcome[],
  fence: string,
  now: Date,
): Promise<RecordedOutcomes> {
  const changes = outcomes.map(({ delivery, attempt, result }) => ({
    id: delivery._id,
    update: {
      $set: { ...afterAttempt(attempt, result), claims: 0 },
      $push: { attempts: attempt },
      $inc: { attempt: 1 as const },
    },
  }));
  const { written, failures, completed, events } = await inTransaction(connection, async (session) => {
    const held = await changeHeld(models, changes, fence, `${fence}:recorded`, session);
    const written = outcomes.filter(({ delivery }) => held.has(delivery._id));
    await keepProviderMessages(
      models,
      written.map(({ delivery, ...outcome }) => ({ id: delivery._id, ...outcome })),
      session,
    );
    const failures = failuresOf(written);
    await insertDeadLetters(models, failures, session);
    const ended = written.filter((o) => o.result.kind !== 'retry').map((o) => o.delivery);
    await supersedeFailures(models, ended, now, session);
    const completed = await completeSole(models, ended, now, session);
    const events = written.map(eventOf);
    await enterTallies(connection, events, session);
    return { written, failures, completed, events };
  });
  countDeadLetters(failures);
  return { written, events: [...events, ...completionEvents(completed, now)] };
}

const TYPES = { sent: 'delivery.sent', retry: 'delivery.retrying', failed: 'delivery.failed' } as const;

function eventOf({ delivery, attempt, result }: AttemptOutcome): HeraldEvent {
  const { state }: Pick<DeliveryRecord, 'state'> = afterAttempt(attempt, result);
  return deliveryEvent(
    TYPES[result.kind],
    { ...delivery, state, provider: attempt.provider },
    attempt.at,
    attempt.errorCode,
  );
}
