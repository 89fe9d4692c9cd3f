/** Whose key is this: asked of the users subgraph, remembered for a few seconds. */
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Principal } from '../../platform/auth/principal.ts';
import { within } from '../../platform/data-services/within.ts';
import { NoAnswerError } from '../../platform/errors/data-service-errors.ts';
import { unavailable } from '../../platform/errors/herald-error.ts';

/**
 * Asks who owns the key with this SHA-256 hash (hex).
 * @returns nothing when nobody does, or it is revoked.
 * @throws HeraldError UNAVAILABLE when that cannot be found out.
 */
export type KeyLookup = (keyHash: string, requestId: string) => Promise<Principal | undefined>;

export interface KeyDirectoryOptions {
  /** How long a revoked key may still work where the revocation's message was lost. */
  readonly maxAgeMs?: number;
  /** How long a key that was just made may still be refused. */
  readonly refusalMaxAgeMs?: number;
  readonly maxKeys?: number;
}

const CLOCK_RESOLUTION_MS = 20;
const HASHES = 1_000;
/** All who come with a key wait for one lookup: it may not take for ever. */
const LOOKUP_MS = 10_000;

/** A lookup's answer: the absence of an owner is remembered too. */
interface Answer {
  readonly principal: Principal | undefined;
}

export class KeyDirectory {
  readonly #lookup: KeyLookup;
  readonly #refusalMaxAgeMs: number;
  readonly #answers: LRUCache<string, Answer>;
  /** Of keys that are somebody's: hashing one anew for each request is a part of its cost that shows. */
  readonly #hashes: LRUCache<string, string>;
  readonly #underWay = new Map<string, Promise<Principal | undefined>>();
  /** Changes with `forget`: what was asked before must not be remembered after. */
  #generation = 0;

  constructor(lookup: KeyLookup, options: KeyDirectoryOptions = {}) {
    this.#lookup = lookup;
    this.#refusalMaxAgeMs = options.refusalMaxAgeMs ?? 1_000;
    this.#hashes = new LRUCache({ max: HASHES });
    this.#answers = new LRUCache({
      max: options.maxKeys ?? 10_000,
      ttl: options.maxAgeMs ?? 5_000,
      // Reading the clock once in a while is enough.
      ttlResolution: CLOCK_RESOLUTION_MS,
    });
  }

  /**
   * @returns the key's owner, or nothing when there is none. Concurrent calls for one key share one lookup.
   * @throws HeraldError UNAVAILABLE when it cannot be found out; that is not remembered.
   */
  async owner(key: string, requestId: string): Promise<Principal | undefined> {
    const keyHash = this.#hashes.get(key) ?? hash('sha256', key, 'hex');
    const known = this.#answers.get(keyHash);
    if (known) return known.principal;
    let lookup = this.#underWay.get(keyHash);
    if (!lookup) {
      lookup = this.#ask(key, keyHash, requestId);
      this.#underWay.set(keyHash, lookup);
    }
    return lookup;
  }

  /** Drops everything: a key was made or revoked somewhere, or such a message may have been missed. */
  forget(): void {
    this.#generation++;
    this.#answers.clear();
    this.#underWay.clear();
  }

  async #ask(key: string, keyHash: string, requestId: string): Promise<Principal | undefined> {
    const generation = this.#generation;
    try {
      const principal = await within(LOOKUP_MS, this.#lookup(keyHash, requestId));
      if (principal) this.#hashes.set(key, keyHash);
      if (generation === this.#generation)
        this.#answers.set(keyHash, { principal }, principal ? {} : { ttl: this.#refusalMaxAgeMs });
      return principal;
    } catch (error) {
      if (error instanceof NoAnswerError)
        throw unavailable('Whose key this is cannot be found out now.', error);
      throw error;
    } finally {
      if (generation === this.#generation) this.#underWay.delete(keyHash);
    }
  }
}
