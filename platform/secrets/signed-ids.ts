/**
 * Ids that go out into the world and come back, signed: HMAC-SHA-256 (RFC 2104) with keys of HERALD_SECRET_KEY, the
 * newest signs, each of them verifies.
 */
import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** Nobody guesses 128 bits, and headers stay short. */
const MAC_BYTES = 16;

export class SignedIds {
  readonly #keys: readonly KeyObject[];

  /**
   * @param purpose what is signed for one purpose counts for no other.
   * @param secretKeys HERALD_SECRET_KEY: keys separated by commas, the newest first.
   */
  constructor(purpose: string, secretKeys: string) {
    this.#keys = secretKeys
      .split(',')
      // A key as an object: made of bytes anew for each mail, it would cost five times as much.
      .map((secret) => createSecretKey(createHash('sha256').update(`herald ${purpose} ${secret}`).digest()));
  }

  /** The id, a dot, and 22 characters of base64url. */
  tokenOf(id: string): string {
    return `${id}.${mac(this.#keys[0] as KeyObject, id).toString('base64url')}`;
  }

  /** The id in a token; undefined for what is none of ours. */
  idOf(token: string): string | undefined {
    const dot = token.lastIndexOf('.');
    const id = token.slice(0, dot);
    const told = Buffer.from(token.slice(dot + 1), 'base64url');
    if (dot < 1 || told.length !== MAC_BYTES) return undefined;
    return this.#keys.some((key) => timingSafeEqual(mac(key, id), told)) ? id : undefined;
  }
}

const mac = (key: KeyObject, id: string): Buffer =>
  createHmac('sha256', key).update(id).digest().subarray(0, MAC_BYTES);
