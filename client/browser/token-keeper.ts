/** Keeps a user token fresh. */
import type { TokenSource } from './inbox-types.ts';

/** What a token says of itself. It is not checked here: Herald does that. */
export interface TokenClaims {
  /** Whose inbox: workspace and user. */
  readonly owner: string;
  /** Unix time in milliseconds. */
  readonly expiresAt?: number;
}

/** The claims of a JWT (RFC 7519); undefined when it is none of a user. */
export function claimsOf(token: string): TokenClaims | undefined {
  try {
    const body = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
    const { sub, ws, exp } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    if (typeof sub !== 'string') return undefined;
    return {
      owner: `${typeof ws === 'string' ? ws : ''}:${sub}`,
      ...(typeof exp === 'number' && { expiresAt: exp * 1_000 }),
    };
  } catch {
    // Not a JWT: it is used as it is, until it is refused.
    return undefined;
  }
}

const LONGEST_LEAD_MS = 60_000;
const SHORTEST_MS = 1_000;

/**
 * How long after `now` a token is to be renewed: a fifth of its rest, at most a minute, before its end. Infinite for
 * one that has ended as it comes: then this clock is wrong, and Herald's refusal says when.
 */
export function renewInMs(expiresAt: number, now: number): number {
  const left = expiresAt - now;
  if (left <= 0) return Number.POSITIVE_INFINITY;
  return Math.max(SHORTEST_MS, left - Math.min(LONGEST_LEAD_MS, left / 5));
}

export class TokenKeeper {
  readonly #source: TokenSource;
  #token: string | undefined;
  #renewAt = Number.POSITIVE_INFINITY;

  constructor(source: TokenSource) {
    this.#source = source;
  }

  /** Whether another one can be had. */
  get renewable(): boolean {
    return typeof this.#source === 'function';
  }

  /** When the present one is to be renewed, Unix time in milliseconds; infinite when never. */
  get renewAt(): number {
    return this.renewable ? this.#renewAt : Number.POSITIVE_INFINITY;
  }

  /** @throws what the page's function throws. */
  async get(): Promise<string> {
    if (typeof this.#source === 'string') return this.#source;
    if (this.#token === undefined || Date.now() >= this.#renewAt) {
      this.#token = await this.#source();
      const expiresAt = claimsOf(this.#token)?.expiresAt;
      const now = Date.now();
      this.#renewAt = expiresAt === undefined ? Number.POSITIVE_INFINITY : now + renewInMs(expiresAt, now);
    }
    return this.#token;
  }

  /** It is wrong or has ended: the next `get` asks for another. */
  drop(): void {
    this.#token = undefined;
  }
}
