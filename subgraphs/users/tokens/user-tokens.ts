/** How long a user token may live. */
import { badInput } from '../../../platform/errors/herald-error.ts';

const DEFAULT_TTL_SECONDS = 3_600;
const MAX_TTL_SECONDS = 86_400;

/** @throws HeraldError BAD_USER_INPUT (field `ttlSeconds`). */
export function checkTtl(ttlSeconds: number | null | undefined): number {
  const ttl = ttlSeconds ?? DEFAULT_TTL_SECONDS;
  if (ttl < 1 || ttl > MAX_TTL_SECONDS)
    throw badInput('ttlSeconds', `Must be 1 to ${MAX_TTL_SECONDS} (24 h); it is ${ttl}.`);
  return ttl;
}
