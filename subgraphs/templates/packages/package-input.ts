/** Checks what `savePackage` is given, and turns it into what is stored. Pure. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import { jsonProblem } from '../../../platform/graphql/json-problem.ts';
import { textProblem } from '../../../platform/names/text-problem.ts';
import type { PackageInput } from '../generated/types.ts';
import { checkName, checkNewId } from '../input/names.ts';
import type { PackageBody } from '../store/records.ts';

const MAX_DESCRIPTION_CHARS = 4_000;

/** @throws HeraldError BAD_USER_INPUT naming the field. */
export function packageBody(input: PackageInput): PackageBody {
  checkNewId('input.id', input.id);
  const name = checkName('input.name', input.name);
  const description = input.description?.trim() ?? '';
  if (description.length > MAX_DESCRIPTION_CHARS)
    throw badInput('input.description', `A description has at most ${MAX_DESCRIPTION_CHARS} characters.`);
  const problem = textProblem(description);
  if (problem !== undefined) throw badInput('input.description', problem);
  return {
    name,
    ...(description !== '' && { description }),
    settings: checkSettings(input.settings ?? {}),
  };
}

function checkSettings(settings: unknown): string {
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings))
    throw badInput('input.settings', 'Settings are an object: templates have them as {{package.name}}.');
  const problem = jsonProblem(settings);
  if (problem !== undefined) throw badInput('input.settings', problem);
  return JSON.stringify(settings);
}
