/** Checks what `savePackage` is given, and turns it into what is stored. Pure. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import { jsonProblem } from '../../../platform/graphql/json-problem.ts';
import type { PackageInput } from '../generated/types.ts';
import { checkId } from '../input/names.ts';
import type { PackageBody } from '../store/records.ts';

const MAX_NAME_CHARS = 200;
const MAX_DESCRIPTION_CHARS = 4_000;

/** @throws HeraldError BAD_USER_INPUT naming the field. */
export function packageBody(input: PackageInput): PackageBody {
  checkId('input.id', input.id);
  const name = input.name.trim();
  if (name === '' || name.length > MAX_NAME_CHARS)
    throw badInput('input.name', `The name has 1 to ${MAX_NAME_CHARS} characters.`);
  const description = input.description?.trim() ?? '';
  if (description.length > MAX_DESCRIPTION_CHARS)
    throw badInput('input.description', `A description has at most ${MAX_DESCRIPTION_CHARS} characters.`);
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
