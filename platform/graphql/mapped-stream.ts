/** Maps an async iterator so that leaving it reaches the source at once. */

/**
 * Yields `map(value)` for each value of `source`. `return()` and `throw()` go straight to the source even while a
 * `next()` is pending: an async generator function would queue them behind it, and a quiet source would never close.
 * @param onError gives the last value when the source fails; the stream ends after it.
 */
export function mappedStream<T, R>(
  source: AsyncIterable<T>,
  map: (value: T) => R | Promise<R>,
  onError: (error: unknown) => R,
): AsyncGenerator<R, undefined, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let ended = false;
  const end = async (): Promise<IteratorReturnResult<undefined>> => {
    if (!ended) {
      ended = true;
      await iterator.return?.();
    }
    return { value: undefined, done: true };
  };
  return {
    async next() {
      if (ended) return { value: undefined, done: true };
      let result: IteratorResult<T>;
      try {
        result = await iterator.next();
      } catch (error) {
        if (ended) return { value: undefined, done: true };
        ended = true;
        return { value: onError(error), done: false };
      }
      if (result.done || ended) {
        ended = true;
        return { value: undefined, done: true };
      }
      return { value: await map(result.value), done: false };
    },
    return: end,
    async throw(error: unknown) {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}
