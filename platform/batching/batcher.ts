/**
 * Grouped work without a timer: while one group is under way, the next one forms. Under light load a group
 * is one item and nothing waits; under heavy load groups grow and one round trip serves many callers.
 */

/** Handles a group; answers one result per item, in order. A throw fails every item of the group. */
export type GroupHandler<T, R> = (items: readonly T[]) => Promise<readonly BatchResult<R>[]>;

/** An item's own result or its own failure. */
export type BatchResult<R> =
  | { readonly ok: true; readonly value: R }
  | { readonly ok: false; readonly error: unknown };

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (value: R) => void;
  readonly reject: (error: unknown) => void;
}

export class Batcher<T, R> {
  readonly #handle: GroupHandler<T, R>;
  readonly #maxGroup: number;
  readonly #maxInFlight: number;
  #waiting: Waiting<T, R>[] = [];
  #inFlight = 0;
  #scheduled = false;
  readonly #idle: (() => void)[] = [];

  /**
   * @param maxGroup most items in one group.
   * @param maxInFlight groups under way at once (1: strictly one after the other).
   */
  constructor(handle: GroupHandler<T, R>, options: { maxGroup: number; maxInFlight?: number }) {
    this.#handle = handle;
    this.#maxGroup = options.maxGroup;
    this.#maxInFlight = options.maxInFlight ?? 1;
  }

  /** Items that wait for a group. */
  get size(): number {
    return this.#waiting.length;
  }

  /** @throws what the handler said of this item, or threw for its whole group. */
  submit(item: T): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  /** Like `submit` for many; the results come in the order of the items, failures among them. */
  submitAll(items: readonly T[]): Promise<PromiseSettledResult<R>[]> {
    return Promise.allSettled(items.map((item) => this.submit(item)));
  }

  /** Resolves when nothing waits and nothing is under way. */
  async drain(): Promise<void> {
    if (this.#waiting.length === 0 && this.#inFlight === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** A group starts at the end of the current turn, so that what is submitted together goes together. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight >= this.#maxInFlight) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#waiting.length > 0 && this.#inFlight < this.#maxInFlight) void this.#run();
    });
  }

  async #run(): Promise<void> {
    const group = this.#waiting.splice(0, this.#maxGroup);
    this.#inFlight++;
    try {
      const results = await this.#handle(group.map((waiting) => waiting.item));
      group.forEach((waiting, index) => {
        const result = results[index];
        if (result === undefined) waiting.reject(new Error('The group handler gave too few results.'));
        else if (result.ok) waiting.resolve(result.value);
        else waiting.reject(result.error);
      });
    } catch (error) {
      for (const waiting of group) waiting.reject(error);
    } finally {
      this.#inFlight--;
      if (this.#waiting.length > 0) this.#schedule();
      else if (this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }
}
