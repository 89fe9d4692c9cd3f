/**
 * An async iterator that is fed by pushes. It has `return` and `throw`, because iterators without `throw` are
 * not taken for generators by every transport and would never be told to stop.
 */
export interface AsyncQueue<T> extends AsyncIterableIterator<T> {
  push(value: T): void;
  /** What was pushed before is still given out; then the end. */
  end(): void;
  /** The next `next` after what was pushed rejects. */
  fail(error: unknown): void;
  /** Resolves when `count` more values may wait, or the queue has ended. */
  roomFor(count: number): Promise<void>;
}

/**
 * @param onStop called once when the consumer stops or the queue ends.
 * @param maxWaiting values that may wait; one more fails the queue with `overflow`'s error.
 */
export function asyncQueue<T>(
  onStop: () => void,
  maxWaiting: number,
  overflow: () => unknown,
): AsyncQueue<T> {
  const values: T[] = [];
  let waiting:
    | { resolve: (result: IteratorResult<T, undefined>) => void; reject: (error: unknown) => void }
    | undefined;
  let ended = false;
  let failure: { error: unknown } | undefined;
  const done: IteratorResult<T, undefined> = { value: undefined, done: true };

  let room: { count: number; resolve: () => void } | undefined;
  const checkRoom = () => {
    if (!room || (!ended && values.length + room.count > maxWaiting)) return;
    room.resolve();
    room = undefined;
  };

  const finish = () => {
    if (ended) return;
    ended = true;
    onStop();
    checkRoom();
    if (waiting && values.length === 0) {
      const { resolve, reject } = waiting;
      waiting = undefined;
      if (failure) reject(failure.error);
      else resolve(done);
      failure = undefined;
    }
  };

  return {
    push(value) {
      if (ended) return;
      if (waiting) {
        const { resolve } = waiting;
        waiting = undefined;
        resolve({ value, done: false });
      } else if (values.length < maxWaiting) values.push(value);
      else {
        values.length = 0;
        failure = { error: overflow() };
        finish();
      }
    },
    end: finish,
    fail(error) {
      if (ended) return;
      failure = { error };
      finish();
    },
    async roomFor(count) {
      if (ended || values.length + count <= maxWaiting) return;
      await new Promise<void>((resolve) => {
        room = { count, resolve };
      });
    },
    next() {
      if (values.length > 0) {
        const value = values.shift() as T;
        checkRoom();
        return Promise.resolve({ value, done: false });
      }
      if (failure) {
        const { error } = failure;
        failure = undefined;
        return Promise.reject(error);
      }
      if (ended) return Promise.resolve(done);
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
      });
    },
    return() {
      values.length = 0;
      failure = undefined;
      finish();
      return Promise.resolve(done);
    },
    throw(error) {
      values.length = 0;
      finish();
      return Promise.reject(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
