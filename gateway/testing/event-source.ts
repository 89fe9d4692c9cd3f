/** A hand-driven event source for tests. */

export interface EventSource<T> {
  publish(event: T): void;
  /** Makes every open stream fail. */
  fail(error: Error): void;
  /** Ends every open stream. */
  complete(): void;
  /** @param first what comes before all that is published. */
  stream(first?: readonly T[]): AsyncIterableIterator<T>;
  /** Open streams. */
  readonly listeners: number;
}

export function eventSource<T>(): EventSource<T> {
  const open = new Set<Listener<T>>();
  return {
    publish: (event) => {
      for (const listener of [...open]) listener.push(event);
    },
    fail: (error) => {
      for (const listener of [...open]) listener.fail(error);
    },
    complete: () => {
      for (const listener of [...open]) void listener.return();
    },
    stream: (first = []) => {
      const listener = new Listener<T>(() => open.delete(listener));
      for (const event of first) listener.push(event);
      open.add(listener);
      return listener;
    },
    get listeners() {
      return open.size;
    },
  };
}

class Listener<T> implements AsyncIterableIterator<T> {
  readonly #leave: () => void;
  readonly #queue: T[] = [];
  #reader: PromiseWithResolvers<IteratorResult<T>> | undefined;
  #failure: Error | undefined;
  #done = false;

  constructor(leave: () => void) {
    this.#leave = leave;
  }
  push(value: T): void {
    if (this.#reader) this.#answer({ value, done: false });
    else this.#queue.push(value);
  }
  fail(error: Error): void {
    this.#leave();
    this.#done = true;
    if (this.#reader) this.#reader.reject(error);
    else this.#failure = error;
  }
  next(): Promise<IteratorResult<T>> {
    if (this.#failure) return Promise.reject(this.#failure);
    const value = this.#queue.shift();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    if (this.#done) return Promise.resolve({ value: undefined, done: true });
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }
  return(): Promise<IteratorResult<T>> {
    this.#leave();
    this.#done = true;
    this.#answer({ value: undefined, done: true });
    return Promise.resolve({ value: undefined, done: true });
  }
  [Symbol.asyncIterator](): this {
    return this;
  }
  #answer(result: IteratorResult<T>): void {
    this.#reader?.resolve(result);
    this.#reader = undefined;
  }
}
