/** Checks what `savePartial` is given, and turns it into what is stored. Pure. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { PartialInput } from '../generated/types.ts';
import { checkName } from '../input/names.ts';
import { isPartialName, partialsProblem } from '../sources/partial-set.ts';
import type { UnderWay } from '../sources/under-way.ts';
import type { PartialBody } from '../store/records.ts';
import { calledBy } from './reach-sources.ts';

/**
 * @param partials what it may call, as far as these lead.
 * @throws HeraldError BAD_USER_INPUT naming the field.
 */
export function partialBody(
  input: PartialInput,
  partials: Readonly<Record<string, string>>,
  at: UnderWay,
): PartialBody {
  checkPartialId(input.id);
  const name = checkName('input.name', input.name ?? input.id);
  at('input.source');
  const problem = partialsProblem({ ...partials, [input.id]: input.source });
  if (problem)
    throw badInput(
      'input.source',
      problem.name === undefined || problem.name === input.id
        ? problem.message
        : `The partial "${problem.name}": ${problem.message}`,
    );
  const calls = calledBy([input.source]);
  return { name, source: input.source, ...(calls.length > 0 && { calls }) };
}

/** @throws HeraldError BAD_USER_INPUT (`input.id`). */
export function checkPartialId(id: string): void {
  if (!isPartialName(id))
    throw badInput(
      'input.id',
      'Templates call a partial by its id: a letter, then letters, digits, "-" and "_", at most 100.',
    );
}
