/** Voluntary application server identification (RFC 8292). */
import { createECDH } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import webPush from 'web-push';

export interface VapidKeys {
  readonly publicKey: string;
  readonly privateKey: string;
  /** `mailto:` or `https:` address of who sends. */
  readonly subject: string;
}

/** A token is used for half of its life, so that none is refused for a clock that is late. RFC 8292 allows 24 hours. */
const TOKEN_LIFE_S = 12 * 60 * 60;
const TOKEN_USE_MS = (TOKEN_LIFE_S / 2) * 1000;
/** One token a push service; browsers use a handful of services. */
const MAX_TOKENS = 100;

/**
 * Gives the Authorization header for a push service, and signs anew only when the last one is old.
 * @param now the clock.
 */
export function createVapid(keys: VapidKeys, now: () => Date): (origin: string) => string {
  const tokens = new LRUCache<string, { readonly header: string; readonly madeAt: number }>({
    max: MAX_TOKENS,
  });
  return (origin) => {
    const at = now().getTime();
    const known = tokens.get(origin);
    if (known && at >= known.madeAt && at - known.madeAt < TOKEN_USE_MS) return known.header;
    const header = webPush.getVapidHeaders(
      origin,
      keys.subject,
      keys.publicKey,
      keys.privateKey,
      'aes128gcm',
      Math.floor(at / 1000) + TOKEN_LIFE_S,
    ).Authorization;
    tokens.set(origin, { header, madeAt: at });
    return header;
  };
}

/** Whether two VAPID keys, base64url, belong together. */
export function isVapidPair(publicKey: string, privateKey: string): boolean {
  const curve = createECDH('prime256v1');
  try {
    curve.setPrivateKey(Buffer.from(privateKey, 'base64url'));
  } catch {
    return false;
  }
  return curve.getPublicKey().equals(Buffer.from(publicKey, 'base64url'));
}
