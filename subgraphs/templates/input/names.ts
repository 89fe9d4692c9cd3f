/** Checks of the names that callers give. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import { isCallerId } from '../../../platform/names/ids.ts';

/** Of something that is made elsewhere. @throws HeraldError BAD_USER_INPUT naming `field`. */
export function checkId(field: string, id: string): void {
  if (!isCallerId(id)) throw badInput(field, 'Must be 1 to 200 printable characters without spaces.');
}

/**
 * Of something that gets its name here: one that cannot be told from another one by eye is refused.
 * @throws HeraldError BAD_USER_INPUT naming `field`.
 */
export function checkNewId(field: string, id: string): void {
  checkId(field, id);
  if (/\p{Cf}/u.test(id)) throw badInput(field, 'Must have no characters that cannot be seen.');
  if (id.normalize('NFC') !== id)
    throw badInput(field, 'Must be in Unicode normal form C: write letters with their accents as one.');
}

/** @throws HeraldError BAD_USER_INPUT naming `field`. */
export function checkCategory(field: string, category: string | null | undefined): string | undefined {
  if (category === null || category === undefined) return undefined;
  if (!isCallerId(category) || category.length > 100)
    throw badInput(
      field,
      'A category has 1 to 100 printable characters without spaces, for example "billing".',
    );
  checkNewId(field, category);
  return category;
}

const MAX_NAME_CHARS = 200;

/** A name for people. @returns it, trimmed. @throws HeraldError BAD_USER_INPUT naming `field`. */
export function checkName(field: string, name: string): string {
  const text = name.trim();
  if (text === '' || text.length > MAX_NAME_CHARS || /[\p{Cc}\p{Cs}]/u.test(text))
    throw badInput(
      field,
      `The name has 1 to ${MAX_NAME_CHARS} characters, without line breaks or other control characters.`,
    );
  return text;
}
