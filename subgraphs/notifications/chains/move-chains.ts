/**
 * Moves fallback chains on when one of their steps has come to something: later steps become due, are skipped, or get
 * another time. What a crash leaves out is made up for when a held-back delivery comes due by its own time: it starts
 * only through `chainMove` (see `claimDeliveries`).
 */
import type { ClientSession, Connection, mongo } from 'mongoose';
import type { HeraldEvent } from '../../../platform/event-log/events.ts';
import { enterTallies } from '../../../platform/event-log/tally-ledger.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import { deliveryEvent } from '../outbox/delivery-events.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import { quietMove } from '../rules/quiet-rules.ts';
import type { NotificationModels } from '../store/models.ts';
import {
  type ChainMove,
  chainMove,
  isHeldBack,
  isOvertaken,
  membersOf,
  skippedAs,
  turnOf,
} from './chain-rules.ts';

type Operation = mongo.AnyBulkWriteOperation<DeliveryRecord>;

export interface MovedChains {
  /** Became due, or got another time: with that time. */
  readonly timed: readonly DeliveryRecord[];
  /** Became needless: they have ended. */
  readonly skipped: readonly DeliveryRecord[];
  readonly events: readonly HeraldEvent[];
}

const NOTHING: MovedChains = { timed: [], skipped: [], events: [] };
/** A time that is off by less is left as it is. */
const NEAR_MS = 1_000;

/** Whether later steps wait for what becomes of this delivery. Costs nothing without a chain. */
export const leadsChain = ({ chain }: Pick<DeliveryRecord, 'chain'>): boolean => chain?.success !== undefined;

/**
 * @param touched deliveries of which something has changed. Those that lead no chain are passed over.
 * @throws what MongoDB throws; then nothing was changed.
 */
export async function moveChains(
  connection: Connection,
  models: NotificationModels,
  touched: readonly Pick<DeliveryRecord, 'chain'>[],
  now: Date,
): Promise<MovedChains> {
  const leading = touched.filter(leadsChain);
  if (leading.length === 0) return NOTHING;
  const ids = [...new Set(leading.flatMap(({ chain }) => chain?.members ?? []))];
  return inTransaction(connection, (session) => moveMembers(connection, models, ids, now, session));
}

async function moveMembers(
  connection: Connection,
  models: NotificationModels,
  ids: readonly string[],
  now: Date,
  session: ClientSession,
): Promise<MovedChains> {
  const collection = models.raw.deliveries;
  const found: DeliveryRecord[] = await collection
    .find({ _id: { $in: ids as string[] } }, { session })
    .toArray();
  const byId = new Map(found.map((delivery) => [delivery._id, delivery]));
  // A held-back one that a worker has claimed is asking the same question.
  const held = found.filter((delivery) => isHeldBack(delivery) && delivery.state === 'QUEUED');
  const moves = held.map((delivery) => ({
    delivery,
    move: turnOf(delivery, membersOf(delivery, byId), now),
  }));
  const operations = moves.flatMap(({ delivery, move }) => operationOf(delivery, move, now));
  if (operations.length === 0) return NOTHING;
  await collection.bulkWrite(operations, { session, ordered: true });
  const skipped = moves.flatMap(({ delivery, move }): DeliveryRecord[] =>
    move.kind === 'skip' ? [{ ...delivery, ...skippedAs(move.reason, now) }] : [],
  );
  const timed = moves.flatMap(({ delivery, move }): DeliveryRecord[] => {
    const nextAttemptAt = timeOf(delivery, move, now);
    return nextAttemptAt ? [{ ...delivery, nextAttemptAt }] : [];
  });
  const events = skipped.map((delivery) => deliveryEvent('delivery.skipped', delivery, now));
  await enterTallies(connection, events, session);
  return { timed, skipped, events };
}

/** When it comes next, where that changes. It begins when it is claimed. */
function timeOf({ nextAttemptAt, held }: DeliveryRecord, move: ChainMove, now: Date): Date | undefined {
  // Its turn had come, in quiet hours: it comes by itself when they end.
  if (held && held.until > now) return undefined;
  if (move.kind === 'start') return now;
  if (move.kind === 'skip') return undefined;
  const isNear = Math.abs((nextAttemptAt?.getTime() ?? 0) - move.until.getTime()) < NEAR_MS;
  return isNear ? undefined : move.until;
}

/** The transaction's snapshot is what the filter goes by: a claim since then is a conflict, and it begins again. */
function operationOf(delivery: DeliveryRecord, move: ChainMove, now: Date): Operation[] {
  const nextAttemptAt = timeOf(delivery, move, now);
  const $set = move.kind === 'skip' ? skippedAs(move.reason, now) : nextAttemptAt && { nextAttemptAt };
  return $set ? [{ updateOne: { filter: { _id: delivery._id, state: 'QUEUED' }, update: { $set } } }] : [];
}

/** No later step begins sooner, and what has failed is not claimed. */
const SOONEST_NEXT_MS = 1_000;

/** A step that has begun, of which a later one can have had success by now. */
const mayBeOvertaken = (delivery: DeliveryRecord, now: Date): boolean => {
  const { startedAt } = delivery.chain ?? {};
  return (
    startedAt !== undefined && leadsChain(delivery) && now.getTime() - startedAt.getTime() >= SOONEST_NEXT_MS
  );
};

/**
 * Of claimed deliveries that are held back, that a later step has overtaken, or whose recipients are not to be disturbed
 * now: what becomes of each. One read for all chains.
 * @returns by id; those that go on are not in it.
 */
export async function movesOfClaimed(
  models: NotificationModels,
  claimed: readonly DeliveryRecord[],
  now: Date,
): Promise<ReadonlyMap<string, ChainMove>> {
  const held = claimed.filter(isHeldBack);
  const quiet = claimed.flatMap((delivery) => {
    const move = isHeldBack(delivery) ? undefined : quietMove(delivery, now);
    return move ? [[delivery._id, move] as const] : [];
  });
  const begun = claimed.filter((delivery) => mayBeOvertaken(delivery, now));
  if (held.length + begun.length === 0) return new Map(quiet);
  const ids = [...new Set([...held, ...begun].flatMap(({ chain }) => chain?.members ?? []))];
  const found: DeliveryRecord[] = await models.raw.deliveries.find({ _id: { $in: ids } }).toArray();
  const byId = new Map(found.map((delivery) => [delivery._id, delivery]));
  return new Map<string, ChainMove>([
    ...quiet,
    ...held.map((delivery) => [delivery._id, chainMove(delivery, membersOf(delivery, byId), now)] as const),
    ...begun.flatMap((delivery) =>
      isOvertaken(delivery, membersOf(delivery, byId))
        ? [[delivery._id, { kind: 'skip', reason: 'FALLBACK_NOT_NEEDED' }] as const]
        : [],
    ),
  ]);
}
