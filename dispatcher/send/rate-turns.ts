/** By the rate of a channel's accounts: how many deliveries may wait in one process, and when the others come back. */
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import { LONG_WAIT_MS, PATIENCE_MS } from '../flow/patience.ts';

export class RateTurns {
  readonly #ratePerSecond: () => number | undefined;
  /** By priority: deliveries in hand, with those whose attempt is under way. */
  readonly #backlog = { HIGH: 0, MEDIUM: 0, LOW: 0 };
  /** By priority: when those that were put off for the rate have had their turn (monotonic). */
  readonly #turns = { HIGH: 0, MEDIUM: 0, LOW: 0 };

  /** @param ratePerSecond of all accounts together; undefined without a limit. */
  constructor(ratePerSecond: () => number | undefined) {
    this.#ratePerSecond = ratePerSecond;
  }

  /** How many more deliveries would have their turn within the time that one waits here. */
  room(priority: Priority): number {
    const rate = this.#ratePerSecond();
    if (rate === undefined) return Number.MAX_SAFE_INTEGER;
    const within = Math.max(1, Math.floor((rate * PATIENCE_MS[priority]) / 1_000));
    return Math.max(0, within - this.#backlog[priority]);
  }

  /** Works on one, until its attempt is over. */
  async inHand<T>(priority: Priority, work: () => Promise<T>): Promise<T> {
    this.#backlog[priority]++;
    try {
      return await work();
    } finally {
      this.#backlog[priority]--;
    }
  }

  /** When the next one that found no room in time comes back, in ms from now: one after the other, as the rate allows. */
  nextMs(priority: Priority): number {
    const now = performance.now();
    const eachMs = 1_000 / (this.#ratePerSecond() ?? 1);
    const turn = Math.min(now + LONG_WAIT_MS, Math.max(now, this.#turns[priority]) + eachMs);
    this.#turns[priority] = turn;
    return turn - now;
  }
}
