/** One spelling for each address, so that what is said of it holds however it is written. */
import { domainToASCII } from 'node:url';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';

/**
 * Pure. Of an e-mail address also the part before the @ in lower case: servers may tell `Jane@` from `jane@`
 * (RFC 5321, 2.4), but none that people use does. What cannot be read stays as it is.
 */
export function normalAddress(channel: Channel, address: string): string {
  switch (channel) {
    case 'EMAIL':
      return normalEmail(address);
    case 'WEBHOOK':
      return URL.parse(address)?.href ?? address;
    default:
      return address;
  }
}

function normalEmail(address: string): string {
  const lower = address.toLowerCase();
  if (/^[\x21-\x7e]+$/.test(lower)) return lower;
  const composed = lower.normalize('NFC');
  const at = composed.lastIndexOf('@');
  // domainToASCII answers '' for what is no domain.
  const domain = domainToASCII(composed.slice(at + 1)) || composed.slice(at + 1);
  return `${composed.slice(0, at + 1)}${domain}`;
}
