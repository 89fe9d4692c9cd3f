/** Reads the credential out of an Authorization header (RFC 6750, 2.1). */
import { HeraldError } from '../../platform/errors/herald-error.ts';

/** A user token or a key, by its looks. */
export interface Credential {
  readonly kind: 'token' | 'key';
  readonly text: string;
}

const MAX_LENGTH = 8_192;
/** A JSON Web Signature in compact form whose header is an object: `{"` is `eyJ` in base64url (RFC 7515, 7.1). */
const JWS = /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/;

/**
 * @returns nothing where there is no header: the caller is anonymous.
 * @throws HeraldError UNAUTHENTICATED when it is not `Bearer <credential>`.
 */
export function readCredential(authorization: string | undefined): Credential | undefined {
  if (authorization === undefined) return undefined;
  const text = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
  if (text === undefined || text.length > MAX_LENGTH)
    throw new HeraldError(
      'UNAUTHENTICATED',
      'The authorization is not understood. Send "Authorization: Bearer <API key, operator key or user token>".',
    );
  // Keys need not start with hk_ or ho_: HERALD_ADMIN_KEY is whatever the operator chose.
  return { kind: JWS.test(text) ? 'token' : 'key', text };
}
