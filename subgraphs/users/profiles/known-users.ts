/** Whether users exist: asked for every recipient of every send, thousands of times a second. */
import type { Collection } from 'mongoose';
import { Batcher } from '../../../platform/batching/batcher.ts';
import { within } from '../../../platform/data-services/within.ts';
import type { UserCache } from '../cache/user-cache.ts';
import type { UserDocument } from '../store/records.ts';

const KEYS_PER_LOOKUP = 1_000;
const LOOKUPS_PER_QUERY = 10;
/** Other lookups wait behind those under way. */
const QUERY_MS = 10_000;

type Known = ReadonlySet<string>;

/** Looks up those whom the cache does not know, many callers in one query. */
export class KnownUsers {
  readonly #lookups: Batcher<readonly string[], Known>;

  constructor(users: Pick<Collection<UserDocument>, 'find'>, cache: UserCache) {
    this.#lookups = new Batcher(
      async (lookups) => {
        const keys = [...new Set(lookups.flat())];
        const read = cache.beginRead();
        try {
          const query = users.find({ _id: { $in: keys } }, { projection: { _id: 1 } }).toArray();
          const found = await within(QUERY_MS, query);
          const value: Known = new Set(found.map((user) => user._id));
          cache.keepKnown(read, value);
          return lookups.map(() => ({ ok: true, value }));
        } finally {
          read.end();
        }
      },
      { maxGroup: LOOKUPS_PER_QUERY, maxInFlight: 2 },
    );
  }

  /** Those of the scoped keys that no user has. */
  async missing(keys: readonly string[]): Promise<Set<string>> {
    const rest = [...new Set(keys)];
    const lookups: Promise<Known>[] = [];
    for (let from = 0; from < rest.length; from += KEYS_PER_LOOKUP)
      lookups.push(this.#lookups.submit(rest.slice(from, from + KEYS_PER_LOOKUP)));
    const missing = new Set(rest);
    for (const found of await Promise.all(lookups)) for (const key of found) missing.delete(key);
    return missing;
  }
}
