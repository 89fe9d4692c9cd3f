/**
 * How many attempts one process has under way through one account: few at first, more while they are answered, fewer
 * when they fail (additive increase and multiplicative decrease, as TCP's congestion window, RFC 5681). So a provider
 * that falls silent holds few messages of which nobody knows, and one that has just recovered is not overrun.
 */
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import type { ProviderSign } from './circuit-outcome.ts';

/** Attempts of one account that run side by side in one process, where its provider does not say how many. */
export const MAX_PARALLEL = 50;

/** At first, and after a time with little to do. */
export const FIRST_WINDOW = 8;
/** So often it is looked whether less would do. */
const REVIEW_MS = 10_000;

interface Waiter {
  readonly priority: Priority;
  readonly grant: (granted: true) => void;
  granted: boolean;
}

export class SendWindow {
  readonly #most: number;
  readonly #now: () => number;
  #size: number;
  #used = 0;
  /** Most under way since the last review, and when that was. */
  #peak = 0;
  #reviewedAt: number;
  readonly #waiters: Waiter[] = [];

  /**
   * @param most that the account is worth.
   * @param now monotonic, in ms.
   */
  constructor(most: number, now: () => number = () => performance.now()) {
    this.#most = most;
    this.#now = now;
    this.#size = Math.min(FIRST_WINDOW, most);
    this.#reviewedAt = now();
  }

  /** Attempts that may be under way. */
  get size(): number {
    return this.#size;
  }

  /** Places that could be taken at once. */
  get free(): number {
    return this.#waiters.length > 0 ? 0 : Math.max(0, this.#size - this.#used);
  }

  /** Takes a place, which must be left, if there is one at once. */
  tryTake(): boolean {
    this.#review();
    if (this.free === 0) return false;
    this.#take();
    return true;
  }

  /**
   * Takes a place, which must be left; waits for one up to `patienceMs`, what is urgent first.
   * @param pause see `Pause`.
   */
  async take(
    priority: Priority,
    patienceMs: number,
    pause: (ms: number) => Promise<boolean>,
  ): Promise<boolean> {
    if (this.tryTake()) return true;
    if (patienceMs <= 0) return false;
    const { promise, resolve } = Promise.withResolvers<true>();
    const waiter: Waiter = { priority, grant: resolve, granted: false };
    const behind = priority === 'HIGH' ? this.#waiters.findIndex((other) => other.priority !== 'HIGH') : -1;
    this.#waiters.splice(behind < 0 ? this.#waiters.length : behind, 0, waiter);
    await Promise.race([promise, pause(patienceMs)]);
    if (!waiter.granted) this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    return waiter.granted;
  }

  /** @param sign what the attempt said of the provider; undefined when none was made. */
  leave(sign?: Pick<ProviderSign, 'sign' | 'pauseMs'>): void {
    if (sign?.sign === 'failed') this.#size = Math.max(1, Math.floor(this.#size / 2));
    // Only what is used says that more would be taken as well; LOW has not all of the slots.
    else if (sign?.sign === 'ok' && sign.pauseMs === 0 && this.#used * 2 >= this.#size)
      this.#size = Math.min(this.#most, this.#size + 1);
    this.#used--;
    while (this.#used < this.#size) {
      const next = this.#waiters.shift();
      if (!next) return;
      next.granted = true;
      next.grant(true);
      this.#take();
    }
  }

  #take(): void {
    this.#used++;
    this.#peak = Math.max(this.#peak, this.#used);
  }

  /** What was not needed for a while may be too much by now. */
  #review(): void {
    const now = this.#now();
    if (now - this.#reviewedAt < REVIEW_MS) return;
    this.#reviewedAt = now;
    this.#size = Math.min(this.#size, Math.max(Math.min(FIRST_WINDOW, this.#most), 2 * this.#peak));
    this.#peak = this.#used;
  }
}
