/** E-mail addresses, and the sender of an account's e-mails. */
import { domainToASCII } from 'node:url';
import addressparser from 'nodemailer/lib/addressparser';
import { z } from 'zod';

export interface Sender {
  readonly name: string;
  readonly address: string;
}

/**
 * Whether this is one plain e-mail address: what could add a recipient or a header, or is a list or a name with
 * an address, is none. Addresses in all scripts are (RFC 6531).
 */
export function isMailAddress(address: string): boolean {
  return address.length <= 320 && /^[^\s\p{Cc}@<>()[\],;:\\"]+@[^\s\p{Cc}@<>()[\],;:\\"]+$/u.test(address);
}

/** The domain of an address as DNS has it; `localhost` for one that has none. */
export const asciiDomainOf = (address: string): string =>
  domainToASCII(address.slice(address.lastIndexOf('@') + 1)) || 'localhost';

/** An address with its domain as DNS has it: not everybody takes domains of other scripts. */
export const asciiDomain = (address: string): string =>
  `${address.slice(0, address.lastIndexOf('@'))}@${asciiDomainOf(address)}`;

/** The one address of a `From` field; undefined for none, several or a group. */
export function parseSender(value: string): Sender | undefined {
  const [first, ...more] = addressparser(value);
  if (!first || more.length > 0 || first.address === undefined || !isMailAddress(first.address))
    return undefined;
  return { name: first.name, address: first.address };
}

/** The field of a configuration that says who an account's e-mails come from. */
export const senderSchema = z
  .string()
  .refine((value) => parseSender(value) !== undefined, 'must be an e-mail address, or Name <address>')
  .meta({ title: 'Sender', description: 'Name <address>' });

/** What `senderSchema` let through. */
export const senderOf = (value: string): Sender => parseSender(value) ?? { name: '', address: value };

/** Longest encoded word (RFC 2047) is 75 characters; 45 bytes of UTF-8 become 60 of base64. */
const ENCODED_WORD_BYTES = 45;

/** The value of a `From` field: names in other scripts as encoded words (RFC 2047), all in ASCII. */
export function formatSender({ name, address }: Sender): string {
  const ascii = asciiDomain(address);
  if (name === '') return ascii;
  return /^[\x20-\x7e]*$/.test(name)
    ? `"${name.replace(/["\\]/g, '\\$&')}" <${ascii}>`
    : `${encodedWords(name)} <${ascii}>`;
}

function encodedWords(text: string): string {
  const words: string[] = [''];
  for (const character of text) {
    const longer = `${words.at(-1)}${character}`;
    if (Buffer.byteLength(longer) > ENCODED_WORD_BYTES) words.push(character);
    else words[words.length - 1] = longer;
  }
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join(' ');
}
