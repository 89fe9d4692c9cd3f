/**
 * What is kept of a code to verify it: HMAC-SHA-256 (RFC 2104) over a salt of its own, its id and the code, by a key
 * derived from HERALD_SECRET_KEY. Codes are short: without the key a hash alone could be tried through.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { CodeHash } from './otp-record.ts';

const SALT_BYTES = 16;

export class CodeHasher {
  readonly #keys: readonly { readonly id: string; readonly key: Buffer }[];

  /** @param secretKeys HERALD_SECRET_KEY: keys separated by commas; the newest makes hashes, each of them verifies. */
  constructor(secretKeys: string) {
    this.#keys = secretKeys.split(',').map((secret) => {
      const key = createHash('sha256').update(`herald one-time passwords ${secret}`).digest();
      return { key, id: createHash('sha256').update(key).digest('base64url').slice(0, 8) };
    });
  }

  hash(id: string, code: string): CodeHash {
    const { id: keyId, key } = this.#keys[0] as { id: string; key: Buffer };
    const salt = randomBytes(SALT_BYTES).toString('base64url');
    return { key: keyId, salt, mac: mac(key, salt, id, code).toString('base64url') };
  }

  /** Takes as long for a wrong code as for the right one. */
  matches(id: string, code: string, { key: keyId, salt, mac: kept }: CodeHash): boolean {
    const key = this.#keys.find((known) => known.id === keyId)?.key;
    if (!key) return false;
    const wanted = Buffer.from(kept, 'base64url');
    const told = mac(key, salt, id, code);
    return wanted.length === told.length && timingSafeEqual(wanted, told);
  }
}

const mac = (key: Buffer, salt: string, id: string, code: string): Buffer =>
  createHmac('sha256', key)
    .update(JSON.stringify([salt, id, code]))
    .digest();
