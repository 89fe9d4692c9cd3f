import type { SendOutcome } from '../contract.ts';

/** Longest address that is taken, in characters. */
const MAX_LENGTH = 2_048;

/**
 * Reads an address that must be an `http:` or `https:` URL.
 * @returns the URL, or a sentence that says what is wrong with it (and does not repeat it: it may hold a secret).
 */
export function parseHttpTarget(address: string): { readonly url: URL } | { readonly wrong: SendOutcome } {
  const url = URL.parse(address);
  if (url === null || address.length > MAX_LENGTH) return wrong('The address is not a URL.');
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return wrong('The address must be an http or https URL.');
  if (url.username !== '' || url.password !== '')
    return wrong('The URL must not hold a user name or password.');
  return { url };
}

/** The host and port of an address, for `ProviderDefinition.destination`; undefined where it is no URL. */
export const hostOf = (address: string): string | undefined => URL.parse(address)?.host || undefined;

const wrong = (message: string) => ({
  wrong: { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_INVALID', message } as const,
});
