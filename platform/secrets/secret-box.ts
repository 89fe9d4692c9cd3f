/**
 * Secrets at rest: AES-256-GCM (NIST SP 800-38D) with the keys of HERALD_SECRET_KEY. The first key seals, each of them
 * opens: to rotate, put a new one in front, and take the old one away when all has been sealed anew.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const VERSION = 'v1';
const IV_BYTES = 12;
const TAG_BYTES = 16;

interface BoxKey {
  /** Tells which key sealed, and nothing of the key. */
  readonly id: string;
  readonly key: Buffer;
}

export class SecretBox {
  readonly #keys: readonly BoxKey[];

  /** @param secretKeys HERALD_SECRET_KEY: keys separated by commas, the newest first. */
  constructor(secretKeys: string) {
    this.#keys = secretKeys.split(',').map((secret) => {
      const key = createHash('sha256').update(`herald secret box ${secret}`).digest();
      return { key, id: createHash('sha256').update(key).digest('base64url').slice(0, 8) };
    });
  }

  /**
   * @param place where it is kept: what was sealed for one place cannot be put into another.
   * @returns text of `A–Z a–z 0–9 - _ .`.
   */
  seal(plain: string, place: string): string {
    const { id, key } = this.#newest;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return [VERSION, id, iv.toString('base64url'), sealed.toString('base64url')].join('.');
  }

  /** @throws Error when it was sealed with another key, for another place, or was changed. */
  open(sealed: string, place: string): string {
    const [version, id, iv = '', rest = ''] = sealed.split('.');
    const key = this.#keys.find((known) => known.id === id)?.key;
    if (version !== VERSION || !key)
      throw new Error(
        `${place} was encrypted with a key that is not in HERALD_SECRET_KEY: add the former key behind the new one`,
      );
    const bytes = Buffer.from(rest, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'))
      .setAAD(Buffer.from(place))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString(
        'utf8',
      );
    } catch (error) {
      throw new Error(`${place} cannot be decrypted: it was changed, or belongs elsewhere`, { cause: error });
    }
  }

  /** Whether it is to be sealed anew before the older keys go. */
  isOld(sealed: string): boolean {
    return sealed.split('.')[1] !== this.#newest.id;
  }

  get #newest(): BoxKey {
    return this.#keys[0] as BoxKey;
  }
}
