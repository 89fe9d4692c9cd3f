/** What a user token is: a JSON Web Token (RFC 7519) for one user, HS256 with HERALD_JWT_SECRET. */
import { SignJWT } from 'jose';

/** `iss` of every user token. */
export const USER_TOKEN_ISSUER = 'herald';
/** `aud` of every user token. */
export const USER_TOKEN_AUDIENCE = 'herald:user';

export interface UserTokenRecord {
  readonly token: string;
  readonly expiresAt: Date;
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
    .setIssuer(USER_TOKEN_ISSUER)
    .setAudience(USER_TOKEN_AUDIENCE)
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .sign(new TextEncoder().encode(secret));
  return { token, expiresAt: new Date(expiresAt * 1_000) };
}
