/** Checks segments. Pure. */
import { conditionProblem } from '../../../platform/conditions/condition.ts';
import { badInput } from '../../../platform/errors/herald-error.ts';
import { isCallerId } from '../../../platform/names/ids.ts';
import { checkLabel, MAX_NAME_CHARS } from './label.ts';

export interface SegmentInput {
  readonly id: string;
  readonly name: string;
  readonly when: string;
}

/** @throws HeraldError BAD_USER_INPUT naming the field. */
export function checkSegment({ id, name, when }: SegmentInput): SegmentInput {
  if (!isCallerId(id)) throw badInput('input.id', 'An id has 1 to 200 printable characters without spaces.');
  return {
    id,
    name: checkLabel('input.name', name, MAX_NAME_CHARS),
    when: checkCondition('input.when', when),
  };
}

/** @throws HeraldError BAD_USER_INPUT naming `field`. */
export function checkCondition(field: string, when: string): string {
  const problem = conditionProblem('user', when);
  if (problem !== undefined) throw badInput(field, problem);
  return when;
}
