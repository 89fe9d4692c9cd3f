/** Longest part of a server's answer that is kept, in characters. */
const MAX_CHARS = 300;

/**
 * A server's answer, fit to be shown to people and logged: one line, bounded, and without the secrets, which a
 * server may repeat.
 */
export function quoteReply(reply: string, secrets: readonly string[]): string {
  let text = reply;
  for (const secret of secrets) text = text.replaceAll(secret, '[redacted]');
  text = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}…` : text;
}
