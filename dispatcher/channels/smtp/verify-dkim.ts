/** Verifies DKIM signatures (RFC 6376, relaxed/relaxed, rsa-sha256) by the letter of the RFC. Used by tests only. */
import { createHash, type KeyObject, verify } from 'node:crypto';

export interface VerifiedDkim {
  readonly valid: boolean;
  readonly d: string | undefined;
  readonly s: string | undefined;
  /** The names of the signed fields, in lower case. */
  readonly fields: readonly string[];
}

/** @param mail as it went over the wire. */
export function verifyDkim(mail: Buffer, publicKey: KeyObject): VerifiedDkim {
  const text = mail.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const headers = text
    .slice(0, end)
    .split(/\r\n(?![ \t])/)
    .map((line) => ({ name: line.slice(0, line.indexOf(':')).trim().toLowerCase(), line }));
  const signature = headers.find(({ name }) => name === 'dkim-signature')?.line ?? '';
  const tags = Object.fromEntries(
    signature
      .slice(signature.indexOf(':') + 1)
      .split(';')
      .map((tag) => [
        tag.slice(0, tag.indexOf('=')).trim(),
        tag.slice(tag.indexOf('=') + 1).replace(/\s+/g, ''),
      ]),
  );
  const fields = (tags.h ?? '').toLowerCase().split(':');
  const left = [...headers];
  const signed = fields.map((field) => {
    // Of several with one name, the last first (5.4.2).
    const index = left.findLastIndex(({ name }) => name === field);
    const [header] = index < 0 ? [] : left.splice(index, 1);
    return header ? `${relaxedHeader(header.line)}\r\n` : '';
  });
  const unsigned = relaxedHeader(signature.replace(/([;\s]b=)[^;]*/, '$1'));
  const bodyHash = createHash('sha256')
    .update(relaxedBody(text.slice(end + 4)), 'latin1')
    .digest('base64');
  const data = Buffer.from(`${signed.join('')}${unsigned}`, 'latin1');
  return {
    valid:
      tags.a === 'rsa-sha256' &&
      tags.c === 'relaxed/relaxed' &&
      tags.bh === bodyHash &&
      verify('sha256', data, publicKey, Buffer.from(tags.b ?? '', 'base64')),
    d: tags.d,
    s: tags.s,
    fields,
  };
}

/** 3.4.2 */
function relaxedHeader(line: string): string {
  const colon = line.indexOf(':');
  const value = line
    .slice(colon + 1)
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .trim();
  return `${line.slice(0, colon).trim().toLowerCase()}:${value}`;
}

/** 3.4.4 */
function relaxedBody(body: string): string {
  const lines = body.replace(/[ \t]+/g, ' ').replace(/ (?=\r\n|$)/g, '');
  const trimmed = lines.replace(/(\r\n)+$/, '');
  return trimmed === '' ? '' : `${trimmed}\r\n`;
}
