/**
 * Access tokens for a service account: a signed assertion for a token of an hour (RFC 7523,
 * https://developers.google.com/identity/protocols/oauth2/service-account).
 */
import { SignJWT } from 'jose';
import { z } from 'zod';
import type { MadeToken } from '../network/access-token.ts';
import { createVendorHttp, jsonOf, notUnderstood, outcomeOfStatus } from '../network/vendor-http.ts';
import type { ServiceAccount } from './service-account.ts';

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** Longest life of an assertion that is taken. */
const ASSERTION_S = 3_600;
const NAME = "Google's token service";

const granted = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
const refused = z.object({ error: z.string().regex(/^[a-z_]{1,40}$/) });

/** Asks for tokens at the service account's own address (`token_uri`). */
export function createGoogleTokens(account: ServiceAccount, now: () => Date) {
  const uri = new URL(account.tokenUri);
  const http = createVendorHttp({ name: NAME, baseUrl: uri.origin, now });

  function assertion(): Promise<string> {
    const at = Math.floor(now().getTime() / 1000);
    return new SignJWT({ scope: SCOPE })
      .setProtectedHeader({
        alg: 'RS256',
        typ: 'JWT',
        ...(account.privateKeyId !== undefined && { kid: account.privateKeyId }),
      })
      .setIssuer(account.clientEmail)
      .setAudience(account.tokenUri)
      .setIssuedAt(at)
      .setExpirationTime(at + ASSERTION_S)
      .sign(account.privateKey);
  }

  return {
    async ask(signal: AbortSignal): Promise<MadeToken> {
      const asked = await http.request({
        path: `${uri.pathname}${uri.search}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ grant_type: GRANT, assertion: await assertion() }).toString(),
        signal,
      });
      if ('failed' in asked) return asked;
      const { answer } = asked;
      if (answer.status === 200) {
        const token = jsonOf(answer.text, granted);
        return token
          ? { token: token.access_token, expiresInSeconds: token.expires_in }
          : { failed: notUnderstood(NAME, answer.status) };
      }
      const error = jsonOf(answer.text, refused)?.error;
      // RFC 6749, 5.2: invalid_grant, invalid_client, unauthorized_client …
      if (answer.status === 400 || answer.status === 401 || answer.status === 403)
        return {
          failed: {
            kind: 'permanent',
            code: 'CHANNEL_UNAUTHORIZED',
            message: `${NAME} does not take the service account's key (${[answer.status, error].filter(Boolean).join(', ')}).`,
          },
        };
      return { failed: outcomeOfStatus(NAME, answer, error) };
    },
    close: () => http.close(),
  };
}
