/** Whether users exist: asked for every recipient of every send, thousands of times a second. */
import { LRUCache } from 'lru-cache';
import type { Collection } from 'mongoose';
import { Batcher } from '../../../platform/batching/batcher.ts';
import type { UserDocument } from '../store/records.ts';

const MAX_KNOWN = 200_000;
/** How long one that was deleted on another process may still be taken for known when Redis did not tell. */
const KNOWN_FOR_MS = 60_000;
const KEYS_PER_LOOKUP = 1_000;
const LOOKUPS_PER_QUERY = 10;

type Known = ReadonlySet<string>;

export class KnownUsers {
  // Only who exists is remembered: one who does not may be created in the next moment.
  readonly #known = new LRUCache<string, true>({ max: MAX_KNOWN, ttl: KNOWN_FOR_MS, ttlResolution: 1_000 });
  readonly #lookups: Batcher<readonly string[], Known>;

  constructor(users: Pick<Collection<UserDocument>, 'find'>) {
    this.#lookups = new Batcher(
      async (lookups) => {
        const keys = [...new Set(lookups.flat())];
        const found = await users.find({ _id: { $in: keys } }, { projection: { _id: 1 } }).toArray();
        const value: Known = new Set(found.map((user) => user._id));
        return lookups.map(() => ({ ok: true, value }));
      },
      { maxGroup: LOOKUPS_PER_QUERY, maxInFlight: 2 },
    );
  }

  /** Those of the scoped keys that no user has. */
  async missing(keys: readonly string[]): Promise<Set<string>> {
    const asked = new Set(keys.filter((key) => this.#known.get(key) === undefined));
    if (asked.size === 0) return asked;
    const rest = [...asked];
    const lookups: Promise<Known>[] = [];
    for (let from = 0; from < rest.length; from += KEYS_PER_LOOKUP)
      lookups.push(this.#lookups.submit(rest.slice(from, from + KEYS_PER_LOOKUP)));
    for (const found of await Promise.all(lookups))
      for (const key of found) if (asked.delete(key)) this.#known.set(key, true);
    return asked;
  }

  add(keys: Iterable<string>): void {
    for (const key of keys) this.#known.set(key, true);
  }

  forget(key: string): void {
    this.#known.delete(key);
  }

  forgetAll(): void {
    this.#known.clear();
  }
}
