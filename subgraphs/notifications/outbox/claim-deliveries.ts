/** Claims deliveries for a worker. What must not be attempted any more ends here instead. */
import type { Connection } from 'mongoose';
import type { HeraldEvent } from '../../../platform/event-log/events.ts';
import { enterTallies } from '../../../platform/event-log/tally-ledger.ts';
import { inTransaction, updateManyApart } from '../../../platform/storage/mongo.ts';
import { type ChainMove, skippedAs, waitingAs } from '../chains/chain-rules.ts';
import { movesOfClaimed } from '../chains/move-chains.ts';
import { countDeadLetters } from '../dead-letters/dead-letter-metrics.ts';
import { failuresOfPlans, insertDeadLetters } from '../dead-letters/insert-dead-letters.ts';
import type { AttemptRecord, DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { changeHeld, type HeldChange } from './change-held.ts';
import { completeSole, completionEvents } from './completion.ts';
import { deliveryEvent } from './delivery-events.ts';
import { afterAttempt } from './delivery-of-plan.ts';

/**
 * A delivery whose worker has died (or stood still past its lease) so often in a row, without an outcome, is what
 * kills it: it becomes a dead letter.
 */
export const MAX_CLAIMS = 5;

export interface Claimed {
  readonly deliveries: readonly DeliveryRecord[];
  /** Those of them that were held back by a fallback chain, and begin now. */
  readonly begun: readonly DeliveryRecord[];
  readonly ended: readonly DeliveryRecord[];
  readonly events: readonly HeraldEvent[];
}

export interface Claim {
  readonly ids: readonly string[];
  /** Attempts made so far. */
  readonly attempt: number;
  readonly fence: string;
  readonly now: Date;
  readonly leaseUntil: Date;
}

export async function claimDeliveries(
  connection: Connection,
  models: NotificationModels,
  { ids, attempt, fence, now, leaseUntil }: Claim,
): Promise<Claimed> {
  const collection = models.raw.deliveries;
  const modifiedCount = await updateManyApart(
    connection,
    collection,
    { _id: { $in: ids as string[] }, state: 'QUEUED', attempt },
    { $set: { state: 'SENDING', fence, nextAttemptAt: leaseUntil }, $inc: { claims: 1 } },
  );
  if (modifiedCount === 0) return { deliveries: [], begun: [], ended: [], events: [] };
  const claimed = await collection.find({ _id: { $in: ids as string[] }, fence, state: 'SENDING' }).toArray();
  const [canceled, moves, liveCodes] = await Promise.all([
    canceledAmong(models, claimed),
    movesOfClaimed(models, claimed, now),
    liveCodesOf(models, claimed, now),
  ]);
  const endings = new Map<DeliveryRecord, DeliveryRecord>();
  for (const delivery of claimed) {
    const end = endOf(
      delivery,
      {
        canceled: canceled.has(delivery.notification),
        codeEnded: delivery.otp !== undefined && !liveCodes.has(delivery.otp),
        move: moves.get(delivery._id),
      },
      now,
    );
    if (end) endings.set(delivery, end);
  }
  const { ended, events } = await endDeliveries(connection, models, [...endings.values()], fence, now);
  const going = claimed.filter((delivery) => !endings.has(delivery));
  const heldBack = await holdBack(connection, models, going, moves, fence, now);
  const free = going.filter(({ _id }) => !heldBack.has(_id));
  const begun = await beginSteps(connection, models, free, moves, fence, now);
  const deliveries = free.map((delivery) => begun.get(delivery._id) ?? delivery);
  return { deliveries, begun: [...begun.values()], ended, events };
}

/** Those whose time has not come go back, to come again then. @returns their ids. */
async function holdBack(
  connection: Connection,
  models: NotificationModels,
  deliveries: readonly DeliveryRecord[],
  moves: ReadonlyMap<string, ChainMove>,
  fence: string,
  now: Date,
): Promise<ReadonlySet<string>> {
  const waiting = deliveries.flatMap(({ _id }) => {
    const move = moves.get(_id);
    return move?.kind === 'wait' ? [{ _id, change: waitingAs(move, now) }] : [];
  });
  for (const [first, ...others] of Map.groupBy(waiting, ({ change }) => JSON.stringify(change)).values()) {
    if (!first) continue;
    await updateManyApart(
      connection,
      models.raw.deliveries,
      { _id: { $in: [first, ...others].map(({ _id }) => _id) }, fence, state: 'SENDING' },
      { $set: { state: 'QUEUED', fence: null, claims: 0, ...first.change } },
    );
  }
  return new Set(waiting.map(({ _id }) => _id));
}

/** The steps of fallback chains that begin with this claim. The next one's time counts from here. */
async function beginSteps(
  connection: Connection,
  models: NotificationModels,
  deliveries: readonly DeliveryRecord[],
  moves: ReadonlyMap<string, ChainMove>,
  fence: string,
  now: Date,
): Promise<ReadonlyMap<string, DeliveryRecord>> {
  const begun = deliveries.flatMap((delivery) =>
    delivery.chain && moves.get(delivery._id)?.kind === 'start'
      ? [{ ...delivery, chain: { ...delivery.chain, startedAt: now } }]
      : [],
  );
  if (begun.length > 0)
    await updateManyApart(
      connection,
      models.raw.deliveries,
      { _id: { $in: begun.map(({ _id }) => _id) }, fence, state: 'SENDING' },
      { $set: { 'chain.startedAt': now } },
    );
  return new Map(begun.map((delivery) => [delivery._id, delivery]));
}

/** What speaks against attempting a delivery. */
interface Why {
  readonly canceled: boolean;
  /** Its one-time password was used or replaced. */
  readonly codeEnded: boolean;
  readonly move: ChainMove | undefined;
}

/** What the delivery becomes instead of being attempted; undefined when it is to be attempted. Pure. */
export function endOf(
  delivery: DeliveryRecord,
  { canceled, codeEnded, move }: Why,
  now: Date,
): DeliveryRecord | undefined {
  const over = { fence: null, nextAttemptAt: null } as const;
  if (canceled) return { ...delivery, ...over, state: 'CANCELED', canceledAt: now };
  const expired: DeliveryRecord = { ...delivery, ...over, state: 'EXPIRED', expiredAt: now };
  if (delivery.expiresAt && delivery.expiresAt <= now) return expired;
  if (move?.kind === 'skip') return { ...delivery, ...skippedAs(move.reason, now) };
  if (codeEnded) return expired;
  if ((delivery.claims ?? 0) <= MAX_CLAIMS) return undefined;
  const attempt: AttemptRecord = {
    at: now,
    provider: delivery.provider ?? 'worker',
    ok: false,
    errorCode: 'CHANNEL_WORKER_CRASHED',
    errorMessage: `${MAX_CLAIMS} workers took it in hand, and none of them said what became of it.`,
    latencyMs: 0,
  };
  return {
    ...delivery,
    ...afterAttempt(attempt, { kind: 'failed' }),
    fence: null,
    attempt: delivery.attempt + 1,
    attempts: [...delivery.attempts, attempt],
  };
}

/** Writes endings where the claim still holds, with what hangs on them, in one transaction. */
async function endDeliveries(
  connection: Connection,
  models: NotificationModels,
  endings: readonly DeliveryRecord[],
  fence: string,
  now: Date,
): Promise<{ ended: readonly DeliveryRecord[]; events: readonly HeraldEvent[] }> {
  if (endings.length === 0) return { ended: [], events: [] };
  const { ended, failures, completed, events } = await inTransaction(connection, async (session) => {
    const held = await changeHeld(models, endings.map(changeTo), fence, `${fence}:ended`, session);
    const ended = endings.filter(({ _id }) => held.has(_id));
    const failures = failuresOfPlans(ended);
    await insertDeadLetters(models, failures, session);
    const completed = await completeSole(models, ended, now, session);
    const events = ended.map((d) => endEvent(d, now));
    await enterTallies(connection, events, session);
    return { ended, failures, completed, events };
  });
  countDeadLetters(failures);
  return { ended, events: [...events, ...completionEvents(completed, now)] };
}

/** From the claimed delivery to its end. */
function changeTo({ _id, state, provider, attempts, ...end }: DeliveryRecord): HeldChange {
  const last = state === 'FAILED' ? attempts.at(-1) : undefined;
  return {
    id: _id,
    update: {
      $set: {
        state,
        nextAttemptAt: null,
        ...(end.expiredAt && { expiredAt: end.expiredAt }),
        ...(end.canceledAt && { canceledAt: end.canceledAt }),
        ...(end.skippedAt && { skippedAt: end.skippedAt, skipReason: end.skipReason }),
        ...(end.failedAt && { failedAt: end.failedAt }),
        ...(last && provider !== undefined && { provider }),
      },
      ...(last && { $push: { attempts: last }, $inc: { attempt: 1 as const } }),
    },
  };
}

function endEvent(delivery: DeliveryRecord, now: Date): HeraldEvent {
  switch (delivery.state) {
    case 'CANCELED':
      return deliveryEvent('delivery.canceled', delivery, now);
    case 'EXPIRED':
      return deliveryEvent('delivery.expired', delivery, now);
    case 'SKIPPED':
      return deliveryEvent('delivery.skipped', delivery, now);
    default:
      return deliveryEvent('delivery.failed', delivery, now, delivery.attempts.at(-1)?.errorCode);
  }
}

/** Which of their notifications were cancelled after these were queued. */
async function canceledAmong(
  models: NotificationModels,
  deliveries: readonly DeliveryRecord[],
): Promise<ReadonlySet<string>> {
  if (deliveries.length === 0) return new Set();
  const found = await models.raw.notifications
    .find(
      { _id: { $in: [...new Set(deliveries.map((d) => d.notification))] }, state: 'CANCELED' },
      { projection: { _id: 1 } },
    )
    .toArray();
  return new Set(found.map((d) => d._id));
}

/** The one-time passwords among theirs that may still be sent: not used, not replaced, not expired. */
async function liveCodesOf(
  models: NotificationModels,
  deliveries: readonly DeliveryRecord[],
  now: Date,
): Promise<ReadonlySet<string>> {
  const ids = new Set(deliveries.flatMap(({ otp }) => otp ?? []));
  if (ids.size === 0) return ids;
  const found = await models.raw.sealedCodes
    .find({ _id: { $in: [...ids] } }, { projection: { expiresAt: 1 } })
    .toArray();
  return new Set(found.filter(({ expiresAt }) => expiresAt > now).map(({ _id }) => _id));
}
