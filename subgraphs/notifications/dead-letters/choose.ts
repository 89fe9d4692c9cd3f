/** Which dead letters a mutation means: those of `ids`, or page after page of those that a filter lets through. */
import type { AppPrincipal, OperatorPrincipal } from '../../../platform/auth/principal.ts';
import { badInput, notFound } from '../../../platform/errors/herald-error.ts';
import { decodeCursor, encodeCursor } from '../../../platform/graphql/connections.ts';
import { textProblem } from '../../../platform/names/text-problem.ts';
import { checkFilter } from '../read/check-filter.ts';
import { maySee } from '../read/visibility.ts';
import type { NotificationModels } from '../store/models.ts';
import type { DeadLetterFilter } from './dead-letter-filter.ts';
import type { DeadLetterRecord } from './dead-letter-record.ts';
import { isPosition } from './list-keys.ts';
import { readDeadLetters } from './read-dead-letters.ts';
import { lettersById, notOpen } from './resolve-letters.ts';

type Caller = OperatorPrincipal | AppPrincipal;

/** Most dead letters that one call acts upon: more are done by calling again. */
export const MAX_PER_CALL = 1_000;
const USUAL_PER_CALL = 500;
/** In one transaction. */
const PER_TRANSACTION = 250;
const MAX_REASON_CHARS = 500;

/** What the mutations are given to choose by, nulls taken out. */
export interface ChoiceInput {
  readonly ids?: readonly string[];
  readonly filter?: DeadLetterFilter;
  readonly first?: number;
  readonly after?: string;
}

/** A choice, checked. */
export type Choice =
  | { readonly ids: readonly string[] }
  | { readonly filter: DeadLetterFilter; readonly first: number; readonly after?: string };

/** @throws HeraldError BAD_USER_INPUT. */
export function checkedChoice(caller: Caller, input: ChoiceInput): Choice {
  const { ids, filter, first, after } = input;
  if (ids && filter) throw badInput('filter', 'Give exactly one of ids, filter: both are there.');
  if (!ids && !filter)
    throw badInput('ids', 'Give exactly one of ids, filter: none is there. An empty filter means all.');
  if (ids) {
    if (ids.length === 0 || ids.length > MAX_PER_CALL)
      throw badInput('ids', `Name 1 to ${MAX_PER_CALL} dead letters; there are ${ids.length}.`);
    for (const name of ['first', 'after'] as const)
      if (input[name] !== undefined) throw badInput(name, 'Goes with a filter only.');
    return { ids: [...new Set(ids)] };
  }
  const size = first ?? USUAL_PER_CALL;
  if (size < 1 || size > MAX_PER_CALL)
    throw badInput('first', `Must be 1 to ${MAX_PER_CALL}; it is ${size}.`);
  if (filter?.state?.some((state) => state !== 'OPEN'))
    throw badInput('filter.state', 'Only open dead letters can be replayed or discarded.');
  return {
    filter: { ...ownFilter(caller, filter ?? {}), state: ['OPEN'] },
    first: size,
    ...(after !== undefined && { after: positionIn(after) }),
  };
}

/** @throws HeraldError BAD_USER_INPUT (field `after`) for what is no cursor of dead letters. */
export function positionIn(cursor: string): string {
  const position = decodeCursor(cursor);
  if (!isPosition(position))
    throw badInput('after', 'This is not a cursor of dead letters: take `endCursor` of the page before.');
  return position;
}

/** An app sees its own. @throws HeraldError BAD_USER_INPUT. */
export function ownFilter(caller: Caller, filter: DeadLetterFilter): DeadLetterFilter {
  checkFilter(filter, 'state', 'channel', 'reason');
  if (caller.kind === 'operator') return filter;
  if (filter.app !== undefined && filter.app !== caller.app)
    throw badInput('filter.app', 'An app sees its own dead letters only.');
  return { ...filter, app: caller.app };
}

/** @returns undefined when there is none. @throws HeraldError BAD_USER_INPUT when there must be one, or it is too long. */
export function checkedReason(reason: string | undefined, needed: boolean): string | undefined {
  const text = reason?.trim() ?? '';
  if (text.length > MAX_REASON_CHARS)
    throw badInput('reason', `Must have at most ${MAX_REASON_CHARS} characters.`);
  const problem = textProblem(text);
  if (problem !== undefined) throw badInput('reason', problem);
  if (text !== '') return text;
  if (needed) throw badInput('reason', 'Say why, for those who come after you.');
  return undefined;
}

/** The named ones, all open and the caller's. @throws HeraldError NOT_FOUND, CONFLICT with the field. */
export async function openById(
  models: Pick<NotificationModels, 'raw'>,
  caller: Caller,
  ids: readonly string[],
): Promise<DeadLetterRecord[]> {
  const letters = new Map((await lettersById(models, ids)).map((letter) => [letter._id, letter]));
  return ids.map((id, index) => {
    const letter = letters.get(id);
    if (!letter || !maySee(caller, letter)) throw notFound('dead letter', id);
    if (letter.state !== 'OPEN') throw notOpen(letter, `ids.${index}`);
    return letter;
  });
}

/** How far one call has come in a filter. */
export interface Progress {
  readonly hasMore: boolean;
  /** To go on after; null when there is no more. */
  readonly endCursor: string | null;
}

/** Calls `work` with page after page, each small enough for one transaction, until the call's measure is full. */
export async function inPages(
  models: Pick<NotificationModels, 'raw'>,
  workspace: string,
  choice: Extract<Choice, { filter: DeadLetterFilter }>,
  work: (letters: readonly DeadLetterRecord[]) => Promise<void>,
): Promise<Progress> {
  let position = choice.after;
  let left = choice.first;
  while (left > 0) {
    const size = Math.min(PER_TRANSACTION, left);
    const page = await readDeadLetters(models, workspace, choice.filter, { size, after: position });
    if (page.found.length > 0) await work(page.found);
    position = page.next;
    left -= page.found.length;
    // A page that is not full although there is more: the read has looked at as much as one call may.
    if (position === undefined || page.found.length < size) break;
  }
  return {
    hasMore: position !== undefined,
    endCursor: position === undefined ? null : encodeCursor(position),
  };
}
