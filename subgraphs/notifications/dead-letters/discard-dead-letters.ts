/** Discards dead letters: nobody is going to send them again, for a reason that stays with them. */
import type { Connection } from 'mongoose';
import type { AppPrincipal, OperatorPrincipal } from '../../../platform/auth/principal.ts';
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import { type Actor, actorOf } from '../audit/actor.ts';
import { writeAudit } from '../audit/write-audit.ts';
import type { NotificationModels } from '../store/models.ts';
import {
  type ChoiceInput,
  checkedChoice,
  checkedReason,
  inPages,
  openById,
  type Progress,
} from './choose.ts';
import type { DeadLetterRecord } from './dead-letter-record.ts';
import { idsOf, LettersMoved, resolveLetters, withOpenLetters } from './resolve-letters.ts';

interface DiscardDeps {
  readonly connection: Connection;
  readonly models: NotificationModels;
}

export interface DiscardedDeadLetters extends Progress {
  readonly count: number;
}

/**
 * By `ids` all of them or none; by a filter at most `first` of a call, newest first.
 * @throws HeraldError BAD_USER_INPUT, NOT_FOUND; CONFLICT for a named one that is not open.
 */
export async function discardDeadLetters(
  deps: DiscardDeps,
  caller: OperatorPrincipal | AppPrincipal,
  input: ChoiceInput & { readonly reason: string },
): Promise<DiscardedDeadLetters> {
  const choice = checkedChoice(caller, input);
  const reason = checkedReason(input.reason, true) ?? '';
  const how = { by: actorOf(caller), reason };
  if ('ids' in choice) {
    const letters = await openById(deps.models, caller, choice.ids);
    try {
      await discard(deps, letters, how);
    } catch (error) {
      if (!(error instanceof LettersMoved)) throw error;
      await openById(deps.models, caller, choice.ids);
      throw error;
    }
    return { count: letters.length, hasMore: false, endCursor: null };
  }
  let count = 0;
  const progress = await inPages(deps.models, caller.workspace, choice, (page) =>
    withOpenLetters(deps.models, page, async (letters) => {
      await discard(deps, letters, { ...how, filter: { ...input.filter } });
      count += letters.length;
    }),
  );
  return { count, ...progress };
}

async function discard(
  { connection, models }: DiscardDeps,
  letters: readonly DeadLetterRecord[],
  how: { by: Actor; reason: string; filter?: Record<string, unknown> },
): Promise<void> {
  const [first] = letters;
  if (!first) return;
  const { by, reason, filter } = how;
  const at = sharedDate();
  await inTransaction(connection, async (session) => {
    await resolveLetters(
      models,
      letters.map((letter) => ({ letter, resolution: { state: 'DISCARDED', by, at, reason } })),
      session,
    );
    await writeAudit(
      models,
      {
        workspace: first.workspace,
        at,
        actor: by,
        action: 'DISCARD',
        deliveries: idsOf(letters),
        notifications: [...new Set(letters.map((letter) => letter.notification))],
        count: letters.length,
        reason,
        ...(filter && { filter }),
      },
      session,
    );
  });
}
