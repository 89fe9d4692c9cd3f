/** Drops what shows nothing new: several changes of a delivery within a moment are all told with its last state. */
import { LRUCache } from 'lru-cache';
import type { LiveDelivery } from './delivery-line.ts';

/** Deliveries remembered. */
const MOST = 10_000;

export class Repeats {
  readonly #shown = new LRUCache<string, string>({ max: MOST });

  /** Whether the delivery was shown in this state already; remembers it. */
  seen({ id, state, attempts }: Pick<LiveDelivery, 'id' | 'state' | 'attempts'>): boolean {
    const now = `${state} ${attempts.length}`;
    if (this.#shown.get(id) === now) return true;
    this.#shown.set(id, now);
    return false;
  }
}
