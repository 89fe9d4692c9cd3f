/** Links that lead nowhere, in texts as they would be sent. */
import type { SourcePart } from '../limits.ts';

export interface BrokenLink {
  readonly link: string;
  readonly reason: string;
}

const MOST = 20;

/** Each once, at most twenty. Addresses are not asked for. */
export function brokenLinks(part: SourcePart, text: string): BrokenLink[] {
  const found = new Map<string, string>();
  for (const link of linksIn(part, text)) {
    const reason = problemOf(link);
    if (reason !== undefined && found.size < MOST) found.set(link, reason);
  }
  return [...found].map(([link, reason]) => ({ link: link.slice(0, 200), reason }));
}

function linksIn(part: SourcePart, text: string): string[] {
  if (part === 'url' || part === 'imageUrl') return text === '' ? [] : [text];
  if (part === 'html')
    return [
      ...text.matchAll(/<(?:a|img|area|mj-[\w-]+)\b[^>]*?\b(?:href|src)\s*=\s*(?:"([^"]*)"|'([^']*)')/gi),
    ].map(([, double, single]) => unescapeHtml(double ?? single ?? '').trim());
  return [...text.matchAll(/\bhttps?:\/?\/?[^\s<>")\]]*/gi)].map(([link]) => link);
}

const unescapeHtml = (text: string): string =>
  text
    .replaceAll('&#x3D;', '=')
    .replaceAll('&#x27;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

function problemOf(link: string): string | undefined {
  if (link === '') return 'is empty';
  if (/^(?:javascript|vbscript):/i.test(link)) return 'runs code';
  if (/^(?:#|\/|cid:|data:image\/|tel:|sms:)/i.test(link)) return undefined;
  if (/^mailto:/i.test(link)) return link.includes('@') ? undefined : 'names no address';
  if (/^https?:/i.test(link)) {
    const url = URL.parse(link);
    if (!/^https?:\/\//i.test(link) || !url) return 'is no web address';
    if (/\s/.test(link)) return 'has a space in it';
    return url.hostname.includes('.') || url.hostname === 'localhost' ? undefined : 'has no whole host name';
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return undefined;
  return 'does not say where to: begin it with https:// or /';
}
