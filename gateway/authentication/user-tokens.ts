/** User tokens: JSON Web Tokens (RFC 7519) that the users subgraph signs and the gateway verifies by itself. */
import { errors, jwtVerify } from 'jose';
import type { UserPrincipal } from '../../platform/auth/principal.ts';
import { USER_TOKEN_AUDIENCE, USER_TOKEN_ISSUER } from '../../platform/auth/user-token.ts';
import { HeraldError } from '../../platform/errors/herald-error.ts';

/**
 * @param secret HERALD_JWT_SECRET.
 * @returns verifies a token. It throws HeraldError UNAUTHENTICATED when the token is expired, not signed with the
 * secret (HS256), or not a user token.
 */
export function userTokenVerifier(secret: string): (token: string) => Promise<UserPrincipal> {
  const key = new TextEncoder().encode(secret);
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: ['HS256'],
        issuer: USER_TOKEN_ISSUER,
        audience: USER_TOKEN_AUDIENCE,
        requiredClaims: ['sub', 'ws', 'exp'],
      });
      const { sub, ws, exp } = payload;
      if (typeof sub !== 'string' || typeof ws !== 'string' || typeof exp !== 'number') throw invalid();
      return { kind: 'user', workspace: ws, user: sub, expiresAt: exp };
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw tokenExpired();
      if (error instanceof errors.JOSEError) throw invalid();
      throw error;
    }
  };
}

/** The answer to a token whose time is over, also where it ends while a subscription runs. */
export const tokenExpired = (): HeraldError =>
  new HeraldError('UNAUTHENTICATED', 'The user token has expired. Ask for a new one.');

const invalid = (): HeraldError => new HeraldError('UNAUTHENTICATED', 'The user token is not valid.');
