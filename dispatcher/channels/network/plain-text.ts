/** A message for channels that carry nothing but text. */
import type { OutgoingMessage } from '../contract.ts';

/** Title, body and link, each on lines of its own; the link only where the body does not have it already. */
export function plainText({ title, body, url }: Pick<OutgoingMessage, 'title' | 'body' | 'url'>): string {
  const link = url !== undefined && !body.includes(url) ? url : '';
  return [title ?? '', body, link].filter((part) => part.trim() !== '').join('\n');
}
