/** A Redis that has just failed is left alone for a moment: asking it again may take seconds. */

const ALONE_MS = 1_000;

export class RedisAbsence {
  /** When Redis last did not answer (monotonic); undefined while it does. */
  #since: number | undefined;

  /** Whether it is not to be asked now. */
  get now(): boolean {
    return this.#since !== undefined && performance.now() - this.#since < ALONE_MS;
  }

  /** @returns whether this is the end of an absence. */
  answered(): boolean {
    const wasAway = this.#since !== undefined;
    this.#since = undefined;
    return wasAway;
  }

  /** @returns whether this is the beginning of an absence. */
  failed(): boolean {
    const begins = this.#since === undefined;
    this.#since = performance.now();
    return begins;
  }
}
