/** User tokens: JSON Web Tokens (RFC 7519) for one user, HS256, which the gateway verifies by itself. */
import { SignJWT } from 'jose';
import { badInput } from '../../../platform/errors/herald-error.ts';

const ISSUER = 'herald';
const AUDIENCE = 'herald:user';
const DEFAULT_TTL_SECONDS = 3_600;
const MAX_TTL_SECONDS = 86_400;

export interface UserTokenRecord {
  readonly token: string;
  readonly expiresAt: Date;
}

/** @throws HeraldError BAD_USER_INPUT (field `ttlSeconds`). */
export function checkTtl(ttlSeconds: number | null | undefined): number {
  const ttl = ttlSeconds ?? DEFAULT_TTL_SECONDS;
  if (ttl < 1 || ttl > MAX_TTL_SECONDS)
    throw badInput('ttlSeconds', `Must be 1 to ${MAX_TTL_SECONDS} (24 h); it is ${ttl}.`);
  return ttl;
}

/** @param secret HERALD_JWT_SECRET. */
export async function signUserToken(
  secret: string,
  claims: { readonly workspace: string; readonly user: string; readonly ttlSeconds: number },
  now: Date = new Date(),
): Promise<UserTokenRecord> {
  const issuedAt = Math.floor(now.getTime() / 1_000);
  const expiresAt = issuedAt + claims.ttlSeconds;
  const token = await new SignJWT({ ws: claims.workspace })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(claims.user)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .sign(new TextEncoder().encode(secret));
  return { token, expiresAt: new Date(expiresAt * 1_000) };
}
