import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { ResultSink, SLOW_CONSUMER } from './result-sink.ts';

const result = (n: number) => ({ data: { n } });
const read = async (sink: ResultSink) => {
  const results: unknown[] = [];
  for await (const one of sink) results.push(one);
  return results;
};

describe('ResultSink', () => {
  it('gives results in order, those that wait and those that are waited for', async () => {
    const sink = new ResultSink(10);
    sink.push(result(1));
    const reading = read(sink);
    sink.push(result(2));
    await Promise.resolve();
    sink.push(result(3));
    sink.end();
    expect(await reading).toEqual([result(1), result(2), result(3)]);
  });

  it('holds as many as it may, then cuts the reader off', async () => {
    const sink = new ResultSink(2);
    for (const n of [1, 2]) sink.push(result(n));
    expect(sink.ended).toBe(false);
    sink.push(result(3));
    expect(sink.ended).toBe(true);
    sink.push(result(4));
    expect(await read(sink)).toMatchObject([{ errors: [{ extensions: { code: SLOW_CONSUMER } }] }]);
  });

  it('a failure comes after what waits', async () => {
    const sink = new ResultSink(2);
    sink.push(result(1));
    sink.fail(new GraphQLError('over'));
    expect(await read(sink)).toMatchObject([result(1), { errors: [{ message: 'over' }] }]);
  });

  it.each([
    ['end', (sink: ResultSink) => sink.end()],
    ['return', (sink: ResultSink) => void sink.return()],
    ['fail', (sink: ResultSink) => sink.fail(new GraphQLError('over'))],
  ])('%s answers whoever waits and tells listeners once', async (_name, act) => {
    const sink = new ResultSink(2);
    let ends = 0;
    sink.onEnd(() => ends++);
    const waiting = sink.next();
    act(sink);
    sink.end();
    await waiting;
    expect(ends).toBe(1);
    expect((await sink.next()).done).toBe(true);
    sink.onEnd(() => ends++);
    expect(ends).toBe(2);
  });

  it('throw ends it and rejects', async () => {
    const sink = new ResultSink(2);
    await expect(sink.throw(new Error('x'))).rejects.toThrow('x');
    expect(sink.ended).toBe(true);
  });
});
