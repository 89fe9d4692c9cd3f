/** The contract's `replayNotification`: the open dead letters of one notification, or deliveries that are named. */
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { badInput, conflict } from '../../../platform/errors/herald-error.ts';
import type { Actor } from '../audit/actor.ts';
import type { DeadLetterRecord } from '../dead-letters/dead-letter-record.ts';
import { readDeadLetters } from '../dead-letters/read-dead-letters.ts';
import {
  idsOf,
  LettersMoved,
  lettersById,
  notOpen,
  withOpenLetters,
} from '../dead-letters/resolve-letters.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import { prepareReplay, type ReplayDeps, storeReplays } from './replay.ts';

/** Larger replays are made in several calls: one transaction holds them. */
const MAX_REPLAYED = 1_000;
const FINAL = ['SENT', 'DELIVERED', 'FAILED', 'SKIPPED', 'EXPIRED', 'CANCELED'];

/**
 * Each to the address that it had, in the words that it had; what never was in words is rendered now.
 * @throws HeraldError CONFLICT when no dead letter is open or a named one is not, BAD_USER_INPUT for a delivery
 * that is not this notification's, or that has not ended.
 */
export async function replayNotification(
  deps: ReplayDeps,
  original: NotificationRecord,
  ids: readonly string[] | undefined,
  by: Actor,
): Promise<NotificationRecord> {
  if (ids === undefined) return replayOpen(deps, original, by);
  const deliveries = await named(deps, original, ids);
  const letters = await openOnes(deps, ids);
  try {
    return await replayGroup(deps, original, deliveries, letters, by);
  } catch (error) {
    if (!(error instanceof LettersMoved)) throw error;
    await openOnes(deps, ids);
    throw error;
  }
}

/** Of several who do it at once, the first gets all of them; the others hear that there is nothing left. */
async function replayOpen(
  deps: ReplayDeps,
  original: NotificationRecord,
  by: Actor,
): Promise<NotificationRecord> {
  const { found } = await readDeadLetters(
    deps.models,
    original.workspace,
    { notification: original._id, state: ['OPEN'] },
    { size: MAX_REPLAYED },
  );
  return withOpenLetters(deps.models, found, async (letters) => {
    if (letters.length === 0)
      throw conflict('No delivery of this notification has failed. Name `deliveries` to send others again.');
    const deliveries = await deliveriesById(deps, idsOf(letters));
    return replayGroup(deps, original, deliveries, letters, by);
  });
}

async function replayGroup(
  deps: ReplayDeps,
  original: NotificationRecord,
  deliveries: readonly DeliveryRecord[],
  letters: readonly DeadLetterRecord[],
  by: Actor,
): Promise<NotificationRecord> {
  const now = sharedDate();
  const group = { original, deliveries, letters };
  const replay = await prepareReplay(deps, group, undefined, now);
  await storeReplays(deps, [{ ...group, replay }], { by }, now);
  return replay;
}

/** The dead letters among named deliveries. @throws HeraldError CONFLICT for one that is not open. */
async function openOnes(deps: ReplayDeps, ids: readonly string[]): Promise<DeadLetterRecord[]> {
  const letters = await lettersById(deps.models, [...new Set(ids)]);
  for (const letter of letters)
    if (letter.state !== 'OPEN') throw notOpen(letter, `deliveries.${ids.indexOf(letter._id)}`);
  return letters;
}

const deliveriesById = async (
  { models }: Pick<ReplayDeps, 'models'>,
  ids: readonly string[],
): Promise<DeliveryRecord[]> =>
  models.raw.deliveries
    .find({ _id: { $in: ids as string[] } })
    .sort({ _id: 1 })
    .toArray();

async function named(
  deps: ReplayDeps,
  original: NotificationRecord,
  ids: readonly string[],
): Promise<DeliveryRecord[]> {
  if (ids.length === 0 || ids.length > MAX_REPLAYED)
    throw badInput('deliveries', `Name 1 to ${MAX_REPLAYED} deliveries; there are ${ids.length}.`);
  const byId = new Map((await deliveriesById(deps, ids)).map((d) => [d._id, d]));
  return [...new Set(ids)].map((id) => {
    const field = `deliveries.${ids.indexOf(id)}`;
    const delivery = byId.get(id);
    if (!delivery || delivery.notification !== original._id)
      throw badInput(field, `There is no delivery "${id}" of this notification.`);
    if (!FINAL.includes(delivery.state))
      throw badInput(field, `The delivery is ${delivery.state}: it has not ended yet.`);
    if (delivery.state === 'FAILED') return delivery;
    if (!delivery.content)
      throw badInput(field, 'The delivery was never rendered: send a new notification instead.');
    if (delivery.channel === 'IN_APP')
      throw badInput(field, 'The message is in the inbox: in-app deliveries need no replay.');
    return delivery;
  });
}
