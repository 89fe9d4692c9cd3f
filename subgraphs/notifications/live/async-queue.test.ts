import { describe, expect, it, vi } from 'vitest';
import { asyncQueue } from './async-queue.ts';

const make = (max = 10) => {
  const onStop = vi.fn();
  return { onStop, queue: asyncQueue<number>(onStop, max, () => new Error('too slow')) };
};
const end = { value: undefined, done: true };

describe('asyncQueue', () => {
  it('gives out in order what was pushed before and after it was asked for', async () => {
    const { queue } = make();
    queue.push(1);
    queue.push(0);
    expect([await queue.next(), await queue.next()]).toEqual([
      { value: 1, done: false },
      { value: 0, done: false },
    ]);
    const waiting = queue.next();
    queue.push(2);
    expect(await waiting).toEqual({ value: 2, done: false });
  });
  it('ends after what was pushed, and stops its source once', async () => {
    const { queue, onStop } = make();
    queue.push(1);
    queue.end();
    queue.push(2);
    expect(await queue.next()).toEqual({ value: 1, done: false });
    expect(await queue.next()).toEqual(end);
    await queue.return?.();
    expect(onStop).toHaveBeenCalledOnce();
  });
  it('wakes whoever waits when it ends or fails', async () => {
    const ended = make().queue;
    const waiting = ended.next();
    ended.end();
    expect(await waiting).toEqual(end);
    const failed = make().queue;
    const failing = failed.next();
    failed.fail(new Error('gone'));
    await expect(failing).rejects.toThrow('gone');
    expect(await failed.next()).toEqual(end);
  });
  it('drops what waits and fails when its consumer is too slow', async () => {
    const { queue, onStop } = make(2);
    for (const n of [1, 2, 3]) queue.push(n);
    expect(onStop).toHaveBeenCalledOnce();
    await expect(queue.next()).rejects.toThrow('too slow');
    expect(await queue.next()).toEqual(end);
  });
  it('says when there is room again', async () => {
    const { queue } = make(2);
    queue.push(1);
    queue.push(2);
    let room = false;
    const waiting = queue.roomFor(1).then(() => {
      room = true;
    });
    await Promise.resolve();
    expect(room).toBe(false);
    await queue.next();
    await waiting;
    expect(room).toBe(true);
  });
  it('stops on return and on throw', async () => {
    const one = make();
    await one.queue.return?.();
    expect(one.onStop).toHaveBeenCalledOnce();
    const two = make();
    await expect(two.queue.throw?.(new Error('x'))).rejects.toThrow('x');
    expect(two.onStop).toHaveBeenCalledOnce();
  });
});
