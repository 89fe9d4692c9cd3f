/** Checks of the names that callers give. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import { isCallerId } from '../../../platform/names/ids.ts';

/** @throws HeraldError BAD_USER_INPUT naming `field`. */
export function checkId(field: string, id: string): void {
  if (!isCallerId(id)) throw badInput(field, 'Must be 1 to 200 printable characters without spaces.');
}

/** @throws HeraldError BAD_USER_INPUT naming `field`. */
export function checkCategory(field: string, category: string | null | undefined): string | undefined {
  if (category === null || category === undefined) return undefined;
  if (!isCallerId(category) || category.length > 100)
    throw badInput(
      field,
      'A category has 1 to 100 printable characters without spaces, for example "billing".',
    );
  return category;
}
