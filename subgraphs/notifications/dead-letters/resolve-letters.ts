/** Ends the open state of dead letters: one of two who try at the same moment gets them. */
import type { ClientSession } from 'mongoose';
import { conflict, type HeraldError, unavailable } from '../../../platform/errors/herald-error.ts';
import type { Actor } from '../audit/actor.ts';
import type { NotificationModels } from '../store/models.ts';
import type { DeadLetterRecord } from './dead-letter-record.ts';
import { listKeys } from './list-keys.ts';

/** What becomes of a dead letter. */
export type Resolution = { readonly by: Actor; readonly at: Date; readonly reason?: string } & (
  | { readonly state: 'REPLAYED'; readonly replay: string }
  | { readonly state: 'DISCARDED' }
);

/** Somebody else was faster with one of them: nothing of the transaction may stay. */
export class LettersMoved extends Error {
  override readonly name = 'LettersMoved';
}

/** @throws LettersMoved when one of them is not open any more. */
export async function resolveLetters(
  models: Pick<NotificationModels, 'raw'>,
  resolved: readonly { readonly letter: DeadLetterRecord; readonly resolution: Resolution }[],
  session: ClientSession,
): Promise<void> {
  if (resolved.length === 0) return;
  const { modifiedCount } = await models.raw.deadLetters.bulkWrite(
    resolved.map(({ letter, resolution }) => ({
      updateOne: {
        filter: { _id: letter._id, state: 'OPEN' },
        update: {
          $set: {
            state: resolution.state,
            resolvedBy: resolution.by.name,
            resolvedAt: resolution.at,
            ...(resolution.reason !== undefined && { resolvedReason: resolution.reason }),
            ...(resolution.state === 'REPLAYED' && { replay: resolution.replay }),
            ...listKeys(letter, resolution.state),
          },
        },
      },
    })),
    { session, ordered: true },
  );
  if (modifiedCount !== resolved.length) throw new LettersMoved();
}

/** What the caller hears of a dead letter that somebody has decided about already. Pure. */
export function notOpen(letter: DeadLetterRecord, field?: string): HeraldError {
  if (letter.state === 'SUPERSEDED')
    return conflict(
      `The dead letter "${letter._id}" is superseded: "${letter.supersededBy ?? ''}" of its fallback chain had success.`,
      field,
    );
  const by = letter.resolvedBy === undefined ? '' : ` by ${letter.resolvedBy}`;
  return letter.state === 'REPLAYED'
    ? conflict(`The dead letter "${letter._id}" was replayed${by}: see "${letter.replay ?? ''}".`, field)
    : conflict(
        `The dead letter "${letter._id}" was discarded${by}: ${letter.resolvedReason ?? 'no reason given'}`,
        field,
      );
}

const MAX_TRIES = 5;

/**
 * Runs `work` with those of `letters` that are open; when somebody is faster with one of them, with the rest.
 * @throws HeraldError UNAVAILABLE when that goes on and on.
 */
export async function withOpenLetters<T>(
  models: Pick<NotificationModels, 'raw'>,
  letters: readonly DeadLetterRecord[],
  work: (open: readonly DeadLetterRecord[]) => Promise<T>,
): Promise<T> {
  let open = letters;
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    try {
      return await work(open);
    } catch (error) {
      if (!(error instanceof LettersMoved)) throw error;
      open = (await lettersById(models, idsOf(open))).filter((letter) => letter.state === 'OPEN');
    }
  }
  throw unavailable('Others are working on the same dead letters. Try again.');
}

/** As they are now, in the order of `ids`; those that are not there are left out. */
export async function lettersById(
  models: Pick<NotificationModels, 'raw'>,
  ids: readonly string[],
): Promise<DeadLetterRecord[]> {
  if (ids.length === 0) return [];
  const found: DeadLetterRecord[] = await models.raw.deadLetters
    .find({ _id: { $in: ids as string[] } })
    .toArray();
  const byId = new Map(found.map((letter) => [letter._id, letter]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

export const idsOf = (letters: readonly DeadLetterRecord[]): string[] => letters.map(({ _id }) => _id);
