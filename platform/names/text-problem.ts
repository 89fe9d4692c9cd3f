/** What may stand in texts that callers give. */

/** Why a text cannot be kept and sent as it is, as a sentence for the caller; undefined when it can. Pure. */
export const textProblem = (text: string): string | undefined =>
  // UTF-8 has no place for half of a surrogate pair, and mail, XML and many a store none for the null character.
  text.isWellFormed() && !text.includes('\0')
    ? undefined
    : 'Must be well-formed Unicode, without null characters.';
