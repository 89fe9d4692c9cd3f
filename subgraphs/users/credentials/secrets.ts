/** Secrets of API keys and operator keys: random, shown once, kept as hashes. */
import { createHash, randomBytes } from 'node:crypto';

const PREFIX = { app: 'hk_', operator: 'ho_' } as const;
const RANDOM_BYTES = 32;
/** Short enough to leave over 200 bits unknown. */
const HINT_CHARS = 8;

/** `hk_` (apps) or `ho_` (operators) and 256 random bits in base64url. */
export const newSecret = (kind: keyof typeof PREFIX): string =>
  PREFIX[kind] + randomBytes(RANDOM_BYTES).toString('base64url');

/**
 * SHA-256 in hex, by which the credential is found. No salt and no slow hash: the secrets are random, not
 * chosen by people, so that guessing is hopeless, and the hash is taken at every call.
 */
export const hashOfSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** The first characters, to recognise the secret by; of one that a person chose for the settings fewer. */
export const hintOf = (secret: string): string => secret.slice(0, Math.min(HINT_CHARS, secret.length / 4));
