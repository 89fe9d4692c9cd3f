/**
 * How many attempts one account has under way in this process, and who waits for it. Where accounts belong to
 * workspaces, a slow one must not take the slots of the others: those that it has no room for go back.
 */

/** Attempts that may wait for each one under way. */
export const WAITING_FOR_EACH = 2;
/** Until the first has ended, an attempt is taken to need so long. */
const FIRST_GUESS_MS = 200;
/** How much the newest attempt counts in the average. */
const NEWEST = 0.1;
/** Nobody is put off for longer, however many there are: what the account can do may change. */
const LONGEST_TURN_MS = 60_000;

export class AccountRoom {
  readonly size: number;
  #used = 0;
  #waiting = 0;
  readonly #wakes: (() => void)[] = [];
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
    for (const wake of this.#wakes.splice(0, Math.min(wakes, this.size - this.#used))) wake();
    if (this.#used === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /**
   * Waits with the account, if not too many do.
   * @param wait what is waited for, beside a place that becomes free.
   * @returns what `wait` says, true when a place became free; false when too many wait.
   */
  async waitFor(wait: () => Promise<boolean>, alsoForPlace: boolean): Promise<boolean> {
    if (this.#waiting >= this.size * WAITING_FOR_EACH) return false;
    this.#waiting++;
    const place = Promise.withResolvers<boolean>();
    const wake = () => place.resolve(true);
    if (alsoForPlace) this.#wakes.push(wake);
    try {
      return await Promise.race([wait(), place.promise]);
    } finally {
      this.#waiting--;
      const at = this.#wakes.indexOf(wake);
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
    for (const wake of this.#wakes.splice(0)) wake();
    return this.#used === 0 ? Promise.resolve() : new Promise((resolve) => this.#whenIdle.push(resolve));
  }
}
