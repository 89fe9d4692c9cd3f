/**
 * How many attempts one account has under way in this process, and who waits for it. Where accounts belong to
 * workspaces, a slow one must not take the slots of the others: those that it has no room for go back.
 */

/** Attempts that may wait for each one under way. */
export const WAITING_FOR_EACH = 2;
/** Urgent ones that may, beside them: a backlog must not shut them out. */
const URGENT_WAITING_FOR_EACH = 1;
/** Until the first has ended, an attempt is taken to need so long. */
const FIRST_GUESS_MS = 200;
/** How much the newest attempt counts in the average. */
const NEWEST = 0.1;
/** Nobody is put off for longer, however many there are: what the account can do may change. */
export const LONGEST_TURN_MS = 60_000;

export class AccountRoom {
  readonly size: number;
  #used = 0;
  readonly #waiting = { urgent: 0, other: 0 };
  /** Of those that wait for a place; what is urgent comes first. */
  readonly #wakes: { readonly wake: () => void; readonly urgent: boolean }[] = [];
  #retired = false;
  readonly #whenIdle: (() => void)[] = [];
  #averageMs = FIRST_GUESS_MS;
  /** When the last of those that were put off has its turn (monotonic). */
  #turn = 0;

  /** @param size attempts worth having under way at once. */
  constructor(size: number) {
    this.size = size;
  }

  get used(): number {
    return this.#used;
  }

  /** Whether the account is no more: ask for others. */
  get retired(): boolean {
    return this.#retired;
  }

  /** Takes a place for an attempt, which must be given back by `leave`. */
  enter(): boolean {
    if (this.#retired || this.#used >= this.size) return false;
    this.#used++;
    return true;
  }

  /**
   * @param tookMs of the attempt; undefined when none was made.
   * @param wakes how many of those that wait may look for a place now.
   */
  leave(tookMs?: number, wakes = 1): void {
    this.#used--;
    if (tookMs !== undefined) this.#averageMs += (tookMs - this.#averageMs) * NEWEST;
    for (const waiter of this.#wakes.splice(0, Math.min(wakes, this.size - this.#used))) waiter.wake();
    if (this.#used === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /**
   * Waits with the account, if not too many do.
   * @param wait what is waited for, beside a place that becomes free.
   * @param urgent whether it gets a place before those that are not, and waits although many of those do.
   * @returns what `wait` says, true when a place became free; false when too many wait.
   */
  async waitFor(wait: () => Promise<boolean>, alsoForPlace: boolean, urgent = false): Promise<boolean> {
    const kind = urgent ? 'urgent' : 'other';
    if (this.#waiting[kind] >= this.size * (urgent ? URGENT_WAITING_FOR_EACH : WAITING_FOR_EACH))
      return false;
    this.#waiting[kind]++;
    const place = Promise.withResolvers<boolean>();
    const waiter = { wake: () => place.resolve(true), urgent };
    if (alsoForPlace) {
      const behind = urgent ? this.#wakes.findIndex((other) => !other.urgent) : -1;
      this.#wakes.splice(behind < 0 ? this.#wakes.length : behind, 0, waiter);
    }
    try {
      return await Promise.race([wait(), place.promise]);
    } finally {
      this.#waiting[kind]--;
      const at = this.#wakes.indexOf(waiter);
      if (at >= 0) this.#wakes.splice(at, 1);
    }
  }

  /**
   * When one that found no room comes back, each in its turn, in ms from now.
   * @param eachMs the time between two; by default as attempts end.
   */
  turn(eachMs: number = this.#averageMs / this.size): number {
    const now = performance.now();
    this.#turn = Math.min(now + LONGEST_TURN_MS, Math.max(now, this.#turn) + eachMs);
    return this.#turn - now;
  }

  /** Nobody gets a place any more; who waits is told. Resolves when nothing is under way. */
  retire(): Promise<void> {
    this.#retired = true;
    for (const { wake } of this.#wakes.splice(0)) wake();
    return this.#used === 0 ? Promise.resolve() : new Promise((resolve) => this.#whenIdle.push(resolve));
  }
}
