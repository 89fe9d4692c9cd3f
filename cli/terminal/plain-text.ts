/**
 * A text from elsewhere, fit for a terminal: characters that could move the cursor, forge lines or turn the
 * direction of writing are shown as a question mark.
 */
export const plainText = (text: string): string =>
  text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '?');
