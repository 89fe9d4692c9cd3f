import { describe, expect, it } from 'vitest';
import { mappedStream } from './mapped-stream.ts';

/** Never yields by itself; tells whether it was left. */
function quiet() {
  const pending = Promise.withResolvers<IteratorResult<number>>();
  const state = { left: 0 };
  const source: AsyncIterableIterator<number> = {
    next: () => pending.promise,
    return: async () => {
      state.left++;
      pending.resolve({ value: undefined, done: true });
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return { source, state, fail: (error: Error) => pending.reject(error) };
}
const all = async <T>(stream: AsyncIterable<T>): Promise<T[]> => {
  const values: T[] = [];
  for await (const value of stream) values.push(value);
  return values;
};

describe('mappedStream', () => {
  it('maps in order', async () => {
    const source = async function* () {
      yield 1;
      yield 2;
    };
    expect(
      await all(
        mappedStream(
          source(),
          async (n) => n * 2,
          () => 0,
        ),
      ),
    ).toEqual([2, 4]);
  });
  it('gives a last value where the source fails', async () => {
    const source = async function* () {
      yield 1;
      throw new Error('lost');
    };
    expect(await all(mappedStream(source(), String, (error) => `${error}`))).toEqual(['1', 'Error: lost']);
  });
  it.each(['return', 'throw'] as const)('%s reaches a source that is waited for', async (how) => {
    const { source, state } = quiet();
    const stream = mappedStream(source, String, String);
    const waiting = stream.next();
    if (how === 'return') await stream.return(undefined);
    else await expect(stream.throw(new Error('x'))).rejects.toThrow('x');
    expect(state.left).toBe(1);
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(await stream.next()).toEqual({ value: undefined, done: true });
    await stream.return(undefined);
    expect(state.left).toBe(1);
  });
  it('ends silently where the source fails because it was left', async () => {
    const { source, fail } = quiet();
    source.return = async () => {
      fail(new Error('aborted'));
      return { value: undefined, done: true };
    };
    const stream = mappedStream(source, String, String);
    const waiting = stream.next();
    await stream.return(undefined);
    expect(await waiting).toEqual({ value: undefined, done: true });
  });
});
