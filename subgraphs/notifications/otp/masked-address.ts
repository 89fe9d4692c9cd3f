/** An address as it may be shown to whoever asks for a code: enough to recognise one's own. */

const HIDDEN = '•••';

/** `j•••@example.com`, `+49•••89`; of a URL its host alone. Pure. */
export function maskedAddress(address: string): string {
  if (/^https?:\/\//i.test(address)) return `${URL.parse(address)?.host ?? ''}/${HIDDEN}`;
  const at = address.lastIndexOf('@');
  if (at > 0) return `${[...address][0]}${HIDDEN}${address.slice(at)}`;
  const characters = [...address];
  if (characters.length < 6) return HIDDEN;
  return `${characters.slice(0, address.startsWith('+') ? 3 : 1).join('')}${HIDDEN}${characters.slice(-2).join('')}`;
}
