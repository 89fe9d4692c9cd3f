/** What an address of each channel looks like. */
import { domainToASCII } from 'node:url';
import { z } from 'zod';
import type { Channel } from '../graphql/contract-enums.ts';

const MAX_ID_CHARS = 512;
/** Firebase's registration tokens may have up to 4 KiB. */
const MAX_PUSH_TOKEN_CHARS = 4_096;
const MAX_URL_CHARS = 2_048;
/** Of a path in SMTP without its brackets (RFC 5321, 4.5.3.1.3). */
const MAX_EMAIL_CHARS = 254;
const MAX_EMAIL_LOCAL_CHARS = 64;

/**
 * Why `address` cannot be one of `channel`, as a sentence for the caller; undefined when it can. Only the form is
 * looked at: whether anybody is there, the provider knows.
 */
export function addressProblem(channel: Channel, address: string): string | undefined {
  switch (channel) {
    case 'IN_APP':
      return 'IN_APP has no addresses: name a user instead.';
    case 'EMAIL':
      return emailProblem(address);
    case 'SMS':
    case 'VOICE':
    case 'WHATSAPP':
      return phoneProblem(address);
    case 'WEBHOOK':
      return urlProblem(address);
    case 'WEB_PUSH':
      return pushEndpointProblem(address);
    case 'MOBILE_PUSH':
      return idProblem(address, MAX_PUSH_TOKEN_CHARS);
    default:
      return idProblem(address, MAX_ID_CHARS);
  }
}

/** Why somebody without a profile cannot be reached at `address`. */
export const directAddressProblem = (channel: Channel, address: string): string | undefined =>
  channel === 'WEB_PUSH'
    ? 'Browsers are registered for a user (registerPushSubscription): name the user instead of an address.'
    : addressProblem(channel, address);

/** One plain address as HTML's `<input type=email>` takes it; the domain may be an internationalised one. */
export function emailProblem(address: string): string | undefined {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at);
  const domain = address.slice(at + 1);
  // domainToASCII answers '' for what is no domain.
  const ascii = isAscii(domain) ? domain : domainToASCII(domain);
  const ok =
    at > 0 &&
    address.length <= MAX_EMAIL_CHARS &&
    local.length <= MAX_EMAIL_LOCAL_CHARS &&
    z.regexes.html5Email.test(`${local}@${ascii}`);
  return ok ? undefined : 'Must be an e-mail address, for example jane@example.com.';
}

/** E.164 (https://www.itu.int/rec/T-REC-E.164). */
export function phoneProblem(address: string): string | undefined {
  return z.regexes.e164.test(address)
    ? undefined
    : 'Must be a phone number in E.164 form: a plus, the country code and the number, for example +4915112345678.';
}

/** Push services are reached by https; http only on this machine's loopback address, where tests have theirs. */
export function pushEndpointProblem(address: string): string | undefined {
  const problem = urlProblem(address);
  if (problem) return problem;
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || hostname === '127.0.0.1' ? undefined : 'Must be an https URL.';
}

function urlProblem(address: string): string | undefined {
  if (address.length > MAX_URL_CHARS) return `Must have at most ${MAX_URL_CHARS} characters.`;
  if (!isPrintable(address) || !/^https?:\/\//i.test(address) || !URL.canParse(address))
    return 'Must be an http or https URL.';
  const { username, password } = new URL(address);
  return username === '' && password === '' ? undefined : 'Must not carry a user name or password.';
}

function idProblem(address: string, maxChars: number): string | undefined {
  return address.length <= maxChars && isPrintable(address)
    ? undefined
    : `Must have 1 to ${maxChars} printable characters without spaces.`;
}

const isPrintable = (text: string): boolean => /^[^\s\p{C}]+$/u.test(text);
const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);
