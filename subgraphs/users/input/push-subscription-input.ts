/** Checks web push subscriptions (https://www.w3.org/TR/push-api/, RFC 8291) as browsers give them. */
import { ECDH } from 'node:crypto';
import { pushEndpointProblem } from '../../../platform/addresses/address-problem.ts';
import { badInput } from '../../../platform/errors/herald-error.ts';

/** An uncompressed point of P-256. */
const P256DH_BYTES = 65;
const AUTH_BYTES = 16;
const MAX_USER_AGENT_CHARS = 512;

export interface PushSubscription {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/** @throws HeraldError BAD_USER_INPUT, `field` being for example `subscription.keys.auth`. */
export function checkPushSubscription({ endpoint, keys }: PushSubscription): PushSubscription {
  const problem = pushEndpointProblem(endpoint);
  if (problem !== undefined) throw badInput('subscription.endpoint', problem);
  const point = decoded(keys.p256dh);
  if (point?.length !== P256DH_BYTES || !isPointOfP256(point))
    throw badInput(
      'subscription.keys.p256dh',
      `Must be a public key of P-256 (${P256DH_BYTES} bytes, base64url), as PushSubscription.toJSON() gives it.`,
    );
  if (decoded(keys.auth)?.length !== AUTH_BYTES)
    throw badInput(
      'subscription.keys.auth',
      `Must have ${AUTH_BYTES} bytes (base64url), as PushSubscription.toJSON() gives it.`,
    );
  return { endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } };
}

/** @throws HeraldError BAD_USER_INPUT (field `userAgent`). */
export function checkUserAgent(userAgent: string): string {
  if (userAgent === '' || userAgent.length > MAX_USER_AGENT_CHARS || /\p{Cc}/u.test(userAgent))
    throw badInput('userAgent', `Must have 1 to ${MAX_USER_AGENT_CHARS} characters without line breaks.`);
  return userAgent;
}

const decoded = (text: string): Buffer | undefined =>
  /^[A-Za-z0-9_-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64url') : undefined;

/** Nothing can be encrypted for a key that is not on the curve: every push to it would fail. */
function isPointOfP256(point: Buffer): boolean {
  try {
    ECDH.convertKey(point, 'prime256v1', undefined, undefined, 'compressed');
    return true;
  } catch {
    // OpenSSL's ways to say that this is no point of the curve are many.
    return false;
  }
}
