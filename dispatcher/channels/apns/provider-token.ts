/** Provider tokens: https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import type { MadeToken } from '../network/access-token.ts';

/** "Refresh your token no more than once every 20 minutes and no less than once every 60 minutes." */
export const TOKEN_USE_S = 50 * 60;

/** The key of a .p8 file; undefined where the text is none. */
export function signingKeyOf(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    // Told by the missing key; what the parser says is of no use to people.
    return undefined;
  }
}

/** Signs a new token. */
export async function signProviderToken(
  { key, keyId, teamId }: { readonly key: KeyObject; readonly keyId: string; readonly teamId: string },
  now: Date,
): Promise<MadeToken> {
  const token = await new SignJWT()
    .setProtectedHeader({ alg: 'ES256', kid: keyId })
    .setIssuer(teamId)
    .setIssuedAt(Math.floor(now.getTime() / 1000))
    .sign(key);
  return { token, expiresInSeconds: TOKEN_USE_S };
}
