/**
 * What a process remembers of segments, kept current by the invalidation bus: the conditions of those that are there.
 * While the bus is not live nothing is answered from here (see `UserCache`).
 */
import { LRUCache } from 'lru-cache';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import { ReadsUnderWay, type ReadUnderWay } from '../cache/reads-under-way.ts';

/** How long a change may be missed that was stored and never told: its process ended in between. */
const MAX_AGE_MS = 30_000;
const MAX_BYTES = 8 * 2 ** 20;
const BYTES_EACH = 250;

export class SegmentCache {
  readonly #bus: Pick<InvalidationBus, 'live'>;
  readonly #reads = new ReadsUnderWay();
  // `maxSize` and not `max`: for that the library takes the memory of a full cache at once.
  readonly #conditions = new LRUCache<string, string>({
    maxSize: MAX_BYTES,
    ttl: MAX_AGE_MS,
    ttlResolution: 1_000,
  });

  constructor(bus: Pick<InvalidationBus, 'live' | 'onInvalidation'>) {
    this.#bus = bus;
    bus.onInvalidation(
      ({ topic, key }) => {
        if (topic !== 'segment') return;
        this.#reads.changed(key);
        this.#conditions.delete(key);
      },
      () => {
        this.#reads.allChanged();
        this.#conditions.clear();
      },
    );
  }

  /** The condition of the segment of this scoped key. */
  condition(key: string): string | undefined {
    return this.#bus.live ? this.#conditions.get(key) : undefined;
  }

  /** Before a query whose answer is to be remembered. `end` it in any case. */
  beginRead(): ReadUnderWay {
    return this.#reads.begin();
  }

  keep(read: ReadUnderWay, key: string, when: string): void {
    if (read.mayKeep(key))
      this.#conditions.set(key, when, { size: BYTES_EACH + 2 * (key.length + when.length) });
  }
}
