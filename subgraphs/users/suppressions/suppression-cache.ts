/**
 * What a process remembers of suppressions, of most addresses that there are none; kept current by the invalidation
 * bus. While the bus is not live nothing is answered from here (see `UserCache`).
 */
import { LRUCache } from 'lru-cache';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import { ReadsUnderWay, type ReadUnderWay } from '../cache/reads-under-way.ts';
import type { AddressStops } from './suppression-record.ts';

/** How long a change may be missed that was stored and never told: its process ended in between. */
const MAX_AGE_MS = 30_000;
/** About 100,000 usual addresses. */
const MAX_BYTES = 32 * 2 ** 20;
const BYTES_EACH = 250;
/** Workspaces of which it is known whether they have any suppression; small. */
const MAX_WORKSPACES = 1_000;

const NOTHING: AddressStops = { suppressed: false, unwanted: [] };

export class SuppressionCache {
  readonly #bus: Pick<InvalidationBus, 'live'>;
  readonly #reads = new ReadsUnderWay();
  // `maxSize` and not `max`: for that the library takes the memory of a full cache at once.
  readonly #stops = new LRUCache<string, AddressStops>({
    maxSize: MAX_BYTES,
    ttl: MAX_AGE_MS,
    ttlResolution: 1_000,
  });
  readonly #hasAny = new LRUCache<string, boolean>({
    maxSize: MAX_WORKSPACES,
    ttl: MAX_AGE_MS,
    ttlResolution: 1_000,
  });

  constructor(bus: Pick<InvalidationBus, 'live' | 'onInvalidation'>) {
    this.#bus = bus;
    bus.onInvalidation(
      ({ topic, key }) => {
        if (topic === 'suppression') this.#forget(key);
      },
      () => this.#forgetAll(),
    );
  }

  /** Whether the workspace has any suppression at all; undefined where it is not known. */
  hasAny(workspace: string): boolean | undefined {
    return this.#bus.live ? this.#hasAny.get(workspace) : undefined;
  }

  /** Undefined where nothing is known; of an address without suppressions it is known that there are none. */
  stops(key: string): AddressStops | undefined {
    return this.#bus.live ? this.#stops.get(key) : undefined;
  }

  /** Before a query whose answer is to be remembered. `end` it in any case. */
  beginRead(): ReadUnderWay {
    return this.#reads.begin();
  }

  keepHasAny(read: ReadUnderWay, workspace: string, hasAny: boolean): void {
    if (read.mayKeep(workspace)) this.#hasAny.set(workspace, hasAny, { size: 1 });
  }

  /** @param stops undefined: there are none. */
  keep(read: ReadUnderWay, key: string, stops: AddressStops | undefined): void {
    if (read.mayKeep(key)) this.#stops.set(key, stops ?? NOTHING, { size: BYTES_EACH + 2 * key.length });
  }

  #forget(key: string): void {
    const workspace = key.slice(0, key.indexOf('|'));
    this.#reads.changed(key);
    this.#reads.changed(workspace);
    this.#stops.delete(key);
    this.#hasAny.delete(workspace);
  }

  #forgetAll(): void {
    this.#reads.allChanged();
    this.#stops.clear();
    this.#hasAny.clear();
  }
}
