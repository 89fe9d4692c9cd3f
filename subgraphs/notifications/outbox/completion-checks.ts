/**
 * When to look whether a notification of many deliveries is complete: after each group of outcomes while that is
 * cheap. Looking may cost as much as the notification has deliveries; then it is done less often, so that it takes
 * a tenth of the time at most. What is put off when the process ends, the sweeper looks at.
 */

/** A look that takes less is made whenever asked for. */
const CHEAP_MS = 20;
const REST_FACTOR = 9;

export class CompletionChecks {
  readonly #check: (notifications: readonly string[]) => Promise<void>;
  readonly #onError: (error: unknown) => void;
  readonly #due = new Set<string>();
  #notBefore = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param check looks at notifications.
   * @param onError of a look that was put off: nobody waits for it.
   */
  constructor(check: (notifications: readonly string[]) => Promise<void>, onError: (error: unknown) => void) {
    this.#check = check;
    this.#onError = onError;
  }

  /** Looks now, or soon. @throws what a look made now throws. */
  async ask(notifications: readonly string[]): Promise<void> {
    if (notifications.length === 0) return;
    for (const id of notifications) this.#due.add(id);
    if (performance.now() >= this.#notBefore) return this.#look();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#look().catch(this.#onError);
    }, this.#notBefore - performance.now()).unref();
  }

  async #look(): Promise<void> {
    const ids = [...this.#due];
    this.#due.clear();
    const begin = performance.now();
    // While this look is under way others are put off too.
    this.#notBefore = begin + CHEAP_MS;
    try {
      await this.#check(ids);
    } finally {
      const tookMs = performance.now() - begin;
      this.#notBefore = tookMs > CHEAP_MS ? performance.now() + REST_FACTOR * tookMs : 0;
    }
  }
}
