/** Replays dead letters: those named, or those that a filter lets through. One replay for each notification concerned. */
import type { AppPrincipal, OperatorPrincipal } from '../../../platform/auth/principal.ts';
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { HeraldError, notFound } from '../../../platform/errors/herald-error.ts';
import { actorOf } from '../audit/actor.ts';
import {
  prepareReplay,
  type ReplayDeps,
  type ReplayGroup,
  type ReplayRequest,
  storeReplays,
} from '../change/replay.ts';
import { checkedEdit, type ReplayEditInput } from '../change/replay-edit.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import {
  type ChoiceInput,
  checkedChoice,
  checkedReason,
  inPages,
  openById,
  type Progress,
} from './choose.ts';
import type { DeadLetterRecord } from './dead-letter-record.ts';
import { idsOf, LettersMoved, withOpenLetters } from './resolve-letters.ts';

/** A dead letter that stays as it is, and why. */
export interface LeftOpen {
  readonly id: string;
  readonly code: string;
  readonly message: string;
}

export interface ReplayedDeadLetters extends Progress {
  readonly count: number;
  readonly replays: readonly NotificationRecord[];
  readonly left: readonly LeftOpen[];
}

/**
 * By `ids` all of them or none; by a filter at most `first` of a call, newest first, those that cannot be replayed
 * being left and told.
 * @throws HeraldError BAD_USER_INPUT, NOT_FOUND; CONFLICT for a named one that is not open.
 */
export async function replayDeadLetters(
  deps: ReplayDeps,
  caller: OperatorPrincipal | AppPrincipal,
  input: ChoiceInput & { readonly edit?: ReplayEditInput; readonly reason?: string },
): Promise<ReplayedDeadLetters> {
  const choice = checkedChoice(caller, input);
  const reason = checkedReason(input.reason, false);
  const request: ReplayRequest = {
    by: actorOf(caller),
    ...(input.edit && { edit: checkedEdit(input.edit) }),
    ...(reason !== undefined && { reason }),
    ...('filter' in choice && { filter: { ...input.filter } }),
  };
  const replays: NotificationRecord[] = [];
  const left: LeftOpen[] = [];
  if ('ids' in choice) {
    const letters = await openById(deps.models, caller, choice.ids);
    try {
      replays.push(...(await replay(deps, letters, request)));
    } catch (error) {
      if (!(error instanceof LettersMoved)) throw error;
      await openById(deps.models, caller, choice.ids);
      throw error;
    }
    return { count: letters.length, replays, left, hasMore: false, endCursor: null };
  }
  let count = 0;
  const progress = await inPages(deps.models, caller.workspace, choice, (page) =>
    withOpenLetters(deps.models, page, async (letters) => {
      const problems: LeftOpen[] = [];
      const made = await replay(deps, letters, request, problems);
      replays.push(...made);
      left.push(...problems);
      count += letters.length - problems.length;
    }),
  );
  return { count, replays, left, ...progress };
}

/** @param left takes what cannot be replayed; without it, that is an error. */
async function replay(
  deps: ReplayDeps,
  letters: readonly DeadLetterRecord[],
  request: ReplayRequest,
  left?: LeftOpen[],
): Promise<NotificationRecord[]> {
  const now = sharedDate();
  const prepared: (ReplayGroup & { replay: NotificationRecord })[] = [];
  for (const group of await groupsOf(deps, letters)) {
    try {
      if (!group.original) throw notFound('notification', group.notification);
      const whole = { ...group, original: group.original };
      prepared.push({ ...whole, replay: await prepareReplay(deps, whole, request.edit, now) });
    } catch (error) {
      if (!left || !(error instanceof HeraldError)) throw error;
      const { code, message } = error;
      left.push(...group.letters.map(({ _id: id }) => ({ id, code, message })));
    }
  }
  await storeReplays(deps, prepared, request, now);
  return prepared.map((group) => group.replay);
}

type Group = Omit<ReplayGroup, 'original'> & {
  readonly notification: string;
  readonly original: NotificationRecord | undefined;
};

async function groupsOf(
  { models }: Pick<ReplayDeps, 'models'>,
  letters: readonly DeadLetterRecord[],
): Promise<Group[]> {
  const byNotification = Map.groupBy(letters, (letter) => letter.notification);
  const [originals, deliveries] = await Promise.all([
    models.raw.notifications.find({ _id: { $in: [...byNotification.keys()] } }).toArray(),
    models.raw.deliveries.find({ _id: { $in: idsOf(letters) } }).toArray(),
  ]);
  const byId = new Map(originals.map((record) => [record._id, record]));
  const deliveriesOf = Map.groupBy(deliveries, (delivery) => delivery.notification);
  return [...byNotification].map(([notification, own]) => ({
    notification,
    original: byId.get(notification),
    deliveries: deliveriesOf.get(notification) ?? [],
    letters: own,
  }));
}
