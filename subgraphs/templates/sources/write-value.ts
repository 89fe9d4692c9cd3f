/** How values get into a text. */
import Handlebars from 'handlebars';
import { countInserted, run } from './render-run.ts';

/** A value as text: nothing for what is missing, and for objects, which have no words of their own. */
export function plainOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  if (value instanceof Handlebars.SafeString) return value.toString();
  if (Array.isArray(value)) return value.map(plainOf).join(',');
  return typeof value === 'object' ? '' : String(value);
}

const SPECIAL = /[&<>"'`=]/;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
  '`': '&#x60;',
  '=': '&#x3D;',
};

/** Text for HTML, between tags and in quoted attributes. */
export const escapeHtml = (text: string): string =>
  SPECIAL.test(text) ? text.replace(/[&<>"'`=]/g, (char) => ENTITIES[char] ?? char) : text;

/** What `{{…}}` puts into HTML. @throws Error when a render inserts more than a message may have. */
export function insertIntoHtml(value: unknown): string {
  if (value instanceof Handlebars.SafeString) return value.toHTML();
  // As in the other parts, where Handlebars writes it.
  const text =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? '[object Object]' : plainOf(value);
  countInserted(text);
  return escapeHtml(text);
}

/** Around the number of a value, in Markdown. Characters of nobody's (https://www.unicode.org/faq/private_use). */
const [OPEN, CLOSE] = ['\ue000', '\ue001'];
const MARK = /\ue000(\d+)\ue001/g;

/** What `{{…}}` puts into Markdown: a mark, so that no value is ever read as markup. */
export function insertIntoMarkdown(value: unknown): string {
  if (value instanceof Handlebars.SafeString) return value.toHTML();
  const text =
    typeof value === 'object' && !Array.isArray(value) && value !== null ? '[object Object]' : plainOf(value);
  if (text === '' || !run.values) return '';
  countInserted(text);
  return `${OPEN}${run.values.push(text) - 1}${CLOSE}`;
}

/** Values in the place of their marks. */
export const withValues = (text: string, values: readonly string[]): string =>
  text.replace(MARK, (_, index: string) => values[Number(index)] ?? '');

/** @throws Error for a URL of a scheme that runs code. */
export function safeUrl(text: string): string {
  // Browsers ignore control characters inside a URL, so that "java\nscript:" would pass a plain comparison.
  const url = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, '').trim();
  if (/^(javascript|vbscript|data|blob):/i.test(url)) throw new Error('it makes a URL that runs code');
  return url;
}
