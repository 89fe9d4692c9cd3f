/**
 * Links by which a recipient ends messages of a category with one request (RFC 8058). A link names its delivery and
 * is signed: HMAC-SHA-256 (RFC 2104) with keys of HERALD_SECRET_KEY, the newest signs, each of them verifies. It
 * does not expire: somebody may unsubscribe by an old mail.
 */
import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { DeliveryRecord } from '../../subgraphs/notifications/index.ts';

/** Nobody guesses 128 bits, and the header stays short. */
const MAC_BYTES = 16;

export class UnsubscribeLinks {
  readonly #keys: readonly KeyObject[];
  readonly #base: string | undefined;

  /**
   * @param secretKeys HERALD_SECRET_KEY: keys separated by commas, the newest first.
   * @param publicUrl HERALD_PUBLIC_URL; without it no links are made, and those made before still count.
   */
  constructor(secretKeys: string, publicUrl: string | undefined) {
    this.#keys = secretKeys
      .split(',')
      // A key as an object: made of bytes anew for each mail, it would cost five times as much.
      .map((secret) => createSecretKey(createHash('sha256').update(`herald unsubscribe ${secret}`).digest()));
    this.#base = publicUrl?.replace(/\/$/, '');
  }

  /** Undefined where the message gets none; see `hasLink`. */
  urlOf(delivery: Pick<DeliveryRecord, '_id' | 'channel' | 'category' | 'priority'>): string | undefined {
    if (this.#base === undefined || !hasLink(delivery)) return undefined;
    return `${this.#base}/unsubscribe/${this.tokenOf(delivery._id)}`;
  }

  tokenOf(delivery: string): string {
    return `${delivery}.${mac(this.#keys[0] as KeyObject, delivery).toString('base64url')}`;
  }

  /** The delivery of a token; undefined for what is none of ours. */
  deliveryOf(token: string): string | undefined {
    const dot = token.lastIndexOf('.');
    const delivery = token.slice(0, dot);
    const told = Buffer.from(token.slice(dot + 1), 'base64url');
    if (dot < 1 || told.length !== MAC_BYTES) return undefined;
    return this.#keys.some((key) => timingSafeEqual(mac(key, delivery), told)) ? delivery : undefined;
  }
}

/**
 * Pure. Mail of a category, for that is what the link ends. Without one it could only end everything, the password
 * reset too. Nor HIGH: one-time passwords and alarms are not subscribed to.
 */
export const hasLink = ({
  channel,
  category,
  priority,
}: Pick<DeliveryRecord, 'channel' | 'category' | 'priority'>): boolean =>
  channel === 'EMAIL' && category !== undefined && priority !== 'HIGH';

const mac = (key: KeyObject, delivery: string): Buffer =>
  createHmac('sha256', key).update(delivery).digest().subarray(0, MAC_BYTES);
