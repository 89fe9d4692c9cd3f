/** Names that people give to things. */
import { badInput } from '../../../platform/errors/herald-error.ts';

/**
 * 1 to `maxChars` characters, none of them a control character, not only spaces.
 * @throws HeraldError BAD_USER_INPUT naming `field`.
 */
export function checkLabel(field: string, label: string, maxChars: number): string {
  if (label.trim() === '' || label.length > maxChars || /\p{Cc}/u.test(label))
    throw badInput(
      field,
      `Must have 1 to ${maxChars} characters, without line breaks or other control characters.`,
    );
  return label;
}

/** Of apps, keys and workspaces. */
export const MAX_NAME_CHARS = 100;
