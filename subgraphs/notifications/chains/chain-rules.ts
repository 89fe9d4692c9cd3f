/**
 * Fallback chains: what becomes of a delivery that is held back because an earlier step of its recipient's chain is
 * tried first. Pure. Who is in which step, and what counts as success, was decided when the chain was planned; here
 * only what the steps have come to is looked at, so that the same question asked twice has the same answer.
 */
import type { SkipReason } from '../../../platform/graphql/contract-enums.ts';
import { FIRST_LOOK_MS } from '../outbox/looks.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import { quietMove } from '../rules/quiet-rules.ts';

/** What the rules go by. */
export type ChainMember = Pick<
  DeliveryRecord,
  '_id' | 'state' | 'chain' | 'createdAt' | 'openedAt' | 'expiresAt' | 'quiet' | 'attempt' | 'nextAttemptAt'
>;

export type ChainMove =
  /** The steps before have failed, or had their time. */
  | { readonly kind: 'start' }
  /** One of them has success, it is quiet, or something else speaks against it by now. */
  | { readonly kind: 'skip'; readonly reason: SkipReason }
  /** `quiet`: its turn has come, and it waits for the end of quiet hours. */
  | { readonly kind: 'wait'; readonly until: Date; readonly quiet?: true };

/** A step without a time waits for the end of the one before; whoever ends that one says so, and if not, it is looked at again. */
const LOOK_AGAIN_MS = 60_000;

/** Held back: an earlier step is tried first, or it is a first step whose turn came in quiet hours. */
export const isHeldBack = ({ chain, state }: Pick<DeliveryRecord, 'chain' | 'state'>): boolean =>
  chain !== undefined && chain.startedAt === undefined && (state === 'QUEUED' || state === 'SENDING');

/** @param members of the chain; those that are gone count for nothing. */
export function chainMove(held: ChainMember, members: readonly ChainMember[], now: Date): ChainMove {
  const move = turnOf(held, members, now);
  return move.kind === 'start' ? (quietMove(held, now) ?? move) : move;
}

/** As `chainMove`, whether or not it is quiet: that is asked when it is claimed. */
export function turnOf(held: ChainMember, members: readonly ChainMember[], now: Date): ChainMove {
  const step = held.chain?.step ?? 0;
  const earlier = members.filter(({ chain }) => chain !== undefined && chain.step < step);
  if (earlier.some(hasSuccess)) return { kind: 'skip', reason: 'FALLBACK_NOT_NEEDED' };
  const lastStep = Math.max(...earlier.map(({ chain }) => chain?.step ?? 0));
  const before = earlier.filter(({ chain }) => chain?.step === lastStep);
  if (before.every(hasFailed)) return { kind: 'start' };
  const due = dueAt(held, before, now);
  if (due <= now) return { kind: 'start' };
  const { expiresAt } = held;
  return { kind: 'wait', until: expiresAt && expiresAt < due ? expiresAt : due };
}

/**
 * Applies the rules to what is about to be stored: what is held back starts, is skipped, or gets its time, of chains
 * one step after the other.
 */
export function settleHeld(planned: readonly DeliveryRecord[], now: Date): readonly DeliveryRecord[] {
  const deliveries = planned.some(isUntriedInQuiet)
    ? planned.map((delivery) => inQuietHours(delivery, now))
    : planned;
  if (!deliveries.some(isHeldBack)) return deliveries;
  const settled = new Map(deliveries.map((delivery) => [delivery._id, delivery]));
  const held = deliveries.filter(isHeldBack).sort((a, b) => (a.chain?.step ?? 0) - (b.chain?.step ?? 0));
  for (const delivery of held)
    settled.set(
      delivery._id,
      afterMove(delivery, chainMove(delivery, membersOf(delivery, settled), now), now),
    );
  return deliveries.map((delivery) => settled.get(delivery._id) ?? delivery);
}

/** In no chain, or with its turn in it. */
const isUntriedInQuiet = (delivery: DeliveryRecord): boolean =>
  delivery.quiet !== undefined &&
  delivery.state === 'QUEUED' &&
  delivery.attempt === 0 &&
  !isHeldBack(delivery);

function inQuietHours(delivery: DeliveryRecord, now: Date): DeliveryRecord {
  const move = isUntriedInQuiet(delivery) ? quietMove(delivery, now) : undefined;
  return move ? afterMove(delivery, move, now) : delivery;
}

export const membersOf = <T extends ChainMember>(of: ChainMember, byId: ReadonlyMap<string, T>): T[] =>
  (of.chain?.members ?? []).flatMap((id) => byId.get(id) ?? []);

/** The delivery as a move leaves it. */
export function afterMove(delivery: DeliveryRecord, move: ChainMove, now: Date): DeliveryRecord {
  switch (move.kind) {
    case 'start':
      return {
        ...delivery,
        ...(delivery.chain && { chain: { ...delivery.chain, startedAt: now } }),
        nextAttemptAt: new Date(now.getTime() + FIRST_LOOK_MS),
      };
    case 'skip':
      return { ...delivery, ...skippedAs(move.reason, now) };
    case 'wait':
      return { ...delivery, ...waitingAs(move, now) };
  }
}

/** What a held-back delivery that waits becomes. */
export const waitingAs = ({ until, quiet }: Extract<ChainMove, { kind: 'wait' }>, now: Date) => ({
  nextAttemptAt: until,
  ...(quiet && { held: { at: now, until } }),
});

/** What a needless step becomes, or what is not sent in quiet hours. */
export const skippedAs = (skipReason: Extract<ChainMove, { kind: 'skip' }>['reason'], now: Date) =>
  ({
    state: 'SKIPPED',
    skipReason,
    skippedAt: now,
    nextAttemptAt: null,
    fence: null,
  }) as const satisfies Partial<DeliveryRecord>;

/**
 * What makes the failures of a chain's other members nobody's business any more: one that has the success that was
 * asked for; of the last step, one that a provider took.
 */
export const reached = <T extends ChainMember>(members: readonly T[]): T | undefined =>
  members.find(
    (member) =>
      (member.state === 'SENT' || member.state === 'DELIVERED') &&
      hasSuccess({ ...member, ...(member.chain && { chain: { success: 'SENT', ...member.chain } }) }),
  );

/**
 * Whether a step that has begun and is not sent yet (its account has no room, or it waits for another attempt) comes too
 * late: a later step has success. Sending it would tell its recipient twice.
 */
export const isOvertaken = ({ chain }: ChainMember, members: readonly ChainMember[]): boolean =>
  reached(members.filter((member) => (member.chain?.step ?? 0) > (chain?.step ?? 0))) !== undefined;

/** As far as the later steps asked for, or further. */
function hasSuccess({ state, openedAt, chain }: ChainMember): boolean {
  switch (chain?.success) {
    case 'SENT':
      return state === 'SENT' || state === 'DELIVERED' || openedAt !== undefined;
    case 'DELIVERED':
      return state === 'DELIVERED' || openedAt !== undefined;
    case 'OPENED':
      return openedAt !== undefined;
    case undefined:
      return false;
  }
}

const hasFailed = ({ state }: ChainMember): boolean =>
  state === 'FAILED' || state === 'EXPIRED' || state === 'CANCELED' || state === 'SKIPPED';

/** The last of several begins the time of the next step. */
function dueAt({ chain }: ChainMember, before: readonly ChainMember[], now: Date): Date {
  const started = before.flatMap((member) => member.chain?.startedAt ?? []);
  // Still held back itself, maybe for a night: by then it has begun, or it is looked at again.
  const begins = started.length === 0 ? before.map(({ nextAttemptAt }) => nextAttemptAt?.getTime() ?? 0) : [];
  const later = (ms: number) => new Date(Math.max(now.getTime(), ...begins) + ms);
  if (chain?.afterSeconds === undefined) return later(LOOK_AGAIN_MS);
  if (started.length === 0) return later(chain.afterSeconds * 1_000);
  return new Date(Math.max(...started.map((at) => at.getTime())) + chain.afterSeconds * 1_000);
}
