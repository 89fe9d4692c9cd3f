/**
 * Writes the outcomes of attempts, grouped: equal changes as one update over ids and fence, the rest as one
 * bulk write in a transaction (a single update costs a sync to disk each). A result is written only where its
 * worker still holds the delivery, so that a stalled worker that wakes up changes nothing.
 */
import type { Connection } from 'mongoose';
import type { HeraldEvent } from '../../../platform/event-log/events.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import type { AttemptOutcome, DeliveryRecord } from '../contract.ts';
import type { NotificationModels } from '../store/models.ts';
import { deliveryEvent } from './delivery-events.ts';

interface Change {
  readonly outcome: AttemptOutcome;
  readonly update: {
    readonly $set: Partial<DeliveryRecord>;
    readonly $push: { readonly attempts: AttemptOutcome['attempt'] };
    readonly $inc: { readonly attempt: 1 };
  };
}

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
): Promise<RecordedOutcomes> {
  const groups = new Map<string, Change[]>();
  for (const outcome of outcomes) {
    const change = { outcome, update: changeOf(outcome) };
    const key = JSON.stringify(change.update);
    const same = groups.get(key);
    if (same) same.push(change);
    else groups.set(key, [change]);
  }
  const recorded = `${fence}:recorded`;
  const operations = [...groups.values()].map((changes) => {
    const ids = changes.map((c) => c.outcome.delivery._id);
    const update = changes[0]?.update as Change['update'];
    return {
      updateMany: {
        filter: { _id: { $in: ids }, fence, state: 'SENDING' as const },
        // The mark tells what this call wrote from what another worker had taken over meanwhile.
        update: { ...update, $set: { ...update.$set, fence: recorded } },
      },
    };
  });
  const ids = outcomes.map((o) => o.delivery._id);
  const { modifiedCount: modified } = await inTransaction(connection, (session) =>
    models.raw.deliveries.bulkWrite(operations, { session, ordered: true }),
  );
  const written = modified === outcomes.length ? outcomes : await stillOurs(models, outcomes, ids, recorded);
  return { written, events: written.map(eventOf) };
}

async function stillOurs(
  models: NotificationModels,
  outcomes: readonly AttemptOutcome[],
  ids: readonly string[],
  recorded: string,
): Promise<AttemptOutcome[]> {
  const ours = await models.raw.deliveries
    .find({ _id: { $in: ids }, fence: recorded }, { projection: { _id: 1 } })
    .toArray();
  const kept = new Set(ours.map((doc) => doc._id));
  return outcomes.filter((o) => kept.has(o.delivery._id));
}

function changeOf({ attempt, result }: AttemptOutcome): Change['update'] {
  const common = { $push: { attempts: attempt }, $inc: { attempt: 1 as const } };
  switch (result.kind) {
    case 'sent':
      return {
        ...common,
        $set: {
          state: 'SENT',
          provider: attempt.provider,
          sentAt: attempt.at,
          nextAttemptAt: null,
          ...(result.providerMessageId !== undefined && { providerMessageId: result.providerMessageId }),
        },
      };
    case 'retry':
      return { ...common, $set: { state: 'QUEUED', nextAttemptAt: result.nextAttemptAt } };
    case 'failed':
      return {
        ...common,
        $set: { state: 'FAILED', provider: attempt.provider, failedAt: attempt.at, nextAttemptAt: null },
      };
  }
}

function eventOf({ delivery, attempt, result }: AttemptOutcome): HeraldEvent {
  const state: DeliveryRecord['state'] =
    result.kind === 'sent' ? 'SENT' : result.kind === 'retry' ? 'QUEUED' : 'FAILED';
  const type =
    result.kind === 'sent'
      ? 'delivery.sent'
      : result.kind === 'retry'
        ? 'delivery.retrying'
        : 'delivery.failed';
  return deliveryEvent(
    type,
    { ...delivery, state, provider: attempt.provider },
    attempt.at,
    attempt.errorCode,
  );
}
