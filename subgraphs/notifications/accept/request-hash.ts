/** The hash by which a repeated request is told from a different one with the same idempotency key. */
import { createHash } from 'node:crypto';

/** SHA-256 (base64url) of a value whose object members may come in any order; absent and null members count as equal. */
export const requestHash = (value: unknown): string =>
  createHash('sha256').update(canonical(value)).digest('base64url');

function canonical(value: unknown): string {
  if (value instanceof Date) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined && member !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
