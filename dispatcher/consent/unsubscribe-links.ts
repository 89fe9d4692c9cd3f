/**
 * Links by which a recipient ends messages of a category with one request (RFC 8058). A link names its delivery and
 * is signed. It does not expire: somebody may unsubscribe by an old mail.
 */
import { SignedIds } from '../../platform/secrets/signed-ids.ts';
import type { DeliveryRecord } from '../../subgraphs/notifications/index.ts';

export class UnsubscribeLinks {
  readonly #ids: SignedIds;
  readonly #base: string | undefined;

  /**
   * @param secretKeys HERALD_SECRET_KEY: keys separated by commas, the newest first.
   * @param publicUrl HERALD_PUBLIC_URL; without it no links are made, and those made before still count.
   */
  constructor(secretKeys: string, publicUrl: string | undefined) {
    this.#ids = new SignedIds('unsubscribe', secretKeys);
    this.#base = publicUrl?.replace(/\/$/, '');
  }

  /** Undefined where the message gets none; see `hasLink`. */
  urlOf(delivery: Pick<DeliveryRecord, '_id' | 'channel' | 'category' | 'priority'>): string | undefined {
    if (this.#base === undefined || !hasLink(delivery)) return undefined;
    return `${this.#base}/unsubscribe/${this.tokenOf(delivery._id)}`;
  }

  tokenOf(delivery: string): string {
    return this.#ids.tokenOf(delivery);
  }

  /** The delivery of a token; undefined for what is none of ours. */
  deliveryOf(token: string): string | undefined {
    return this.#ids.idOf(token);
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
