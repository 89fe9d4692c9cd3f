/** What is due and may be in no queue: found, and given its next look. */
import type { Connection, mongo } from 'mongoose';
import { Counter, Histogram } from 'prom-client';
import type { HeraldEvent } from '../../../platform/event-log/events.ts';
import type { Priority } from '../../../platform/graphql/contract-enums.ts';
import { metricsRegistry } from '../../../platform/http/metrics.ts';
import type { QueuedDelivery } from '../../../platform/queues/enqueue-sends.ts';
import { chunked } from '../../../platform/queues/queues.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { PlanLane } from '../records/notification-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { completeFinished, lookAgainAtCompletion } from './completion.ts';
import type { Lane, SweepRound } from './outbox-steps.ts';

const reclaimed = new Counter({
  name: 'herald_claims_reclaimed_total',
  help: 'Claims of workers that gave no sign of life any more, taken back by the sweeper.',
  registers: [metricsRegistry],
});

const recovered = new Counter({
  name: 'herald_completions_recovered_total',
  help: 'Notifications whose deliveries had all ended, completed by the sweeper because no worker had.',
  registers: [metricsRegistry],
});

const lag = new Histogram({
  name: 'herald_sweeper_lag_seconds',
  help: 'How long what the sweeper found had been due: the oldest of each lane in each round.',
  labelNames: ['what'] as const,
  buckets: [1, 2, 5, 10, 30, 60, 300, 1_800, 7_200],
  registers: [metricsRegistry],
});

/** Documents changed by one transaction: on the Rust server the cost of a larger one grows faster than its size. */
const PIECE = 500;

/**
 * A delivery that several workers died of, or with, comes back at a moment of its own within this time, alone in
 * its job: so the one that kills workers is not always in hand together with the same others.
 */
const APART_MS = 5_000;
const SUSPICIOUS_CLAIMS = 2;

/**
 * Notifications of one lane. Claims that have run out end here. Those that are planned are looked at for
 * completion instead, and not returned.
 */
export async function sweepPlans(
  connection: Connection,
  models: NotificationModels,
  lane: PlanLane,
  round: SweepRound,
): Promise<{ found: { id: string; priority: Priority }[]; events: HeraldEvent[] }> {
  const { now, nextLook, limit } = round;
  const collection = models.raw.notifications;
  // What waits in a queue is judged by what else waits there; a claim, or a time to come, by the clock.
  const before = lane === 'TIMED' ? now : (round.queuedBefore ?? now);
  const due = await collection
    .find(
      { lane, nextAttemptAt: { $lte: before } },
      { projection: { _id: 1, planned: 1, priority: 1, nextAttemptAt: 1 }, limit },
    )
    .toArray();
  tellLag('notification', due, now);
  const found = due.filter((d) => !d.planned).map(({ _id, priority }) => ({ id: _id, priority }));
  const ids = found.map(({ id }) => id);
  await inPieces(connection, ids, round, (piece, session) =>
    collection.updateMany(
      { _id: { $in: piece }, nextAttemptAt: { $lte: now }, planned: false },
      { $set: { nextAttemptAt: nextLook }, $inc: { looks: 1 }, $unset: { planClaim: '' } },
      { session },
    ),
  );
  const planned = due.filter((d) => d.planned).map((d) => d._id);
  const events = await completeFinished(connection, models, planned, now);
  recovered.inc(events.length);
  await lookAgainAtCompletion(connection, models, planned, now);
  return { found, events };
}

/** Deliveries of one lane. A claim that has run out belongs to a worker that died: whoever it was, its fence holds no longer. */
export async function sweepDeliveries(
  connection: Connection,
  models: NotificationModels,
  { channel, priority }: Lane,
  round: SweepRound,
): Promise<QueuedDelivery[]> {
  const { now, nextLook, limit } = round;
  const collection = models.raw.deliveries;
  const projection = {
    _id: 1,
    channel: 1,
    priority: 1,
    attempt: 1,
    claims: 1,
    state: 1,
    nextAttemptAt: 1,
  } as const;
  const inState = (state: DeliveryRecord['state'], before: Date) =>
    collection
      .find({ channel, priority, state, nextAttemptAt: { $lte: before } }, { projection, limit })
      .toArray();
  const due = [...(await inState('SENDING', now)), ...(await inState('QUEUED', round.queuedBefore ?? now))];
  tellLag('delivery', due, now);
  await inPieces(
    connection,
    due.map((d) => d._id),
    round,
    (piece, session) =>
      collection.updateMany(
        { _id: { $in: piece }, nextAttemptAt: { $lte: now }, state: { $in: ['QUEUED', 'SENDING'] } },
        { $set: { state: 'QUEUED', fence: null, nextAttemptAt: nextLook } },
        { session },
      ),
  );
  reclaimed.inc(due.filter((d) => d.state === 'SENDING').length);
  return due.map((d) =>
    queuedOf(
      d,
      (d.claims ?? 0) >= SUSPICIOUS_CLAIMS ? new Date(now.getTime() + Math.random() * APART_MS) : now,
    ),
  );
}

/** The index gives the oldest first. */
function tellLag(what: string, due: readonly { nextAttemptAt: Date | null }[], now: Date): void {
  const oldest = due[0]?.nextAttemptAt;
  if (oldest) lag.observe({ what }, (now.getTime() - oldest.getTime()) / 1_000);
}

/** Each piece is changed in a transaction of its own, which the guard stops when another sweeper was elected. */
async function inPieces(
  connection: Connection,
  ids: readonly string[],
  { guard }: SweepRound,
  change: (piece: string[], session: mongo.ClientSession) => Promise<unknown>,
): Promise<void> {
  for (const piece of chunked(ids, PIECE))
    await inTransaction(connection, async (session) => {
      await guard?.(session);
      await change(piece, session);
    });
}

/** @param nextAttemptAt when its job is due. */
export const queuedOf = (
  { _id, channel, priority, attempt }: Pick<DeliveryRecord, '_id' | 'channel' | 'priority' | 'attempt'>,
  nextAttemptAt: Date,
): QueuedDelivery => ({ id: _id, channel, priority, attempt, nextAttemptAt });
