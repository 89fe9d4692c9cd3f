/** What this process has claimed, and for how long that surely holds. */

/** Before a lease's end, by so much, it does not count as held: an attempt that starts then could meet another's. */
const MARGIN_MS = 1_000;

interface Lease {
  /** By the monotonic clock: wall clocks jump. */
  until: number;
  /** By the clock that it is written with: monotonic clocks stand still while a machine sleeps. */
  end: number;
}

/** The monotonic clock in milliseconds. */
export type Monotonic = () => number;

export class Leases {
  readonly #held = new Map<string, Lease>();
  readonly #lengthMs: number;
  readonly #now: Monotonic;
  readonly #wallNow: () => number;

  /**
   * @param lengthMs of a claim, from the moment before it was asked for.
   * @param wallNow the clock that ends of claims are written by.
   */
  constructor(lengthMs: number, wallNow: () => number, now: Monotonic = () => performance.now()) {
    this.#lengthMs = lengthMs;
    this.#now = now;
    this.#wallNow = wallNow;
  }

  get size(): number {
    return this.#held.size;
  }

  ids(): string[] {
    return [...this.#held.keys()];
  }

  has(id: string): boolean {
    return this.#held.has(id);
  }

  /**
   * Claimed.
   * @param askedAt monotonic, from before the claim was written.
   * @param end what was written as its end.
   */
  add(id: string, askedAt: number, end: Date): void {
    this.#held.set(id, { until: askedAt + this.#lengthMs, end: end.getTime() });
  }

  /**
   * Renewed by a write that began at `askedAt`. A claim that may have ended before the write was through is not
   * renewed: somebody else may have it by now.
   */
  renewed(ids: readonly string[], askedAt: number, end: Date): void {
    for (const id of ids) {
      const lease = this.#held.get(id);
      if (!lease || !this.#holds(lease, 0)) continue;
      lease.until = askedAt + this.#lengthMs;
      lease.end = end.getTime();
    }
  }

  /** Whether nobody else can have it by now. False after a long stop of the process. */
  surely(id: string): boolean {
    const lease = this.#held.get(id);
    return lease !== undefined && this.#holds(lease, MARGIN_MS);
  }

  delete(id: string): void {
    this.#held.delete(id);
  }

  #holds({ until, end }: Lease, marginMs: number): boolean {
    return this.#now() < until - marginMs && this.#wallNow() < end - marginMs;
  }
}
