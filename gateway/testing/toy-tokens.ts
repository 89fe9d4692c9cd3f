/** User tokens as the users subgraph signs them, and as it would not. */
import { SignJWT } from 'jose';
import { USER_TOKEN_AUDIENCE } from '../../platform/auth/user-token.ts';

export const TOY_JWT_SECRET = 'the secret of the tests, 32 bytes and more';

export interface ToyToken {
  readonly user?: string;
  readonly workspace?: string;
  /** Seconds since 1970, or a time from now such as `5m`. */
  readonly expires?: number | string;
  readonly claims?: Record<string, unknown>;
  readonly audience?: string;
  readonly secret?: string;
}

export const toyUserToken = ({
  user = 'u1',
  workspace = 'default',
  expires = '5m',
  claims = {},
  audience = USER_TOKEN_AUDIENCE,
  secret = TOY_JWT_SECRET,
}: ToyToken = {}): Promise<string> =>
  new SignJWT({ ws: workspace, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .setIssuer('herald')
    .setAudience(audience)
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(secret));
