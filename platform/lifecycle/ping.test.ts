import { afterEach, expect, it, vi } from 'vitest';
import { Ping } from './ping.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('is content with an answer, and repeats what the service says otherwise', async () => {
  expect(await new Ping('Redis', async () => 'PONG').problem()).toBeUndefined();
  const loading = new Ping('Redis', async () => {
    throw new Error('LOADING Redis is loading the dataset in memory');
  });
  expect(await loading.problem()).toBe(
    'Redis does not answer: LOADING Redis is loading the dataset in memory',
  );
});

it('waits no longer than its patience, and leaves an open question open', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  let answer: (value?: unknown) => void = () => undefined;
  const ask = vi.fn(() => new Promise((resolve) => (answer = resolve)));
  const ping = new Ping('MongoDB', ask, 30);
  const problemAfter = async (ms: number) => {
    const problem = ping.problem();
    await vi.advanceTimersByTimeAsync(ms);
    return problem;
  };
  expect(await problemAfter(30)).toBe('MongoDB has not answered for 1 s');
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await problemAfter(30)).toBe('MongoDB has not answered for 3 s');
  expect(ask).toHaveBeenCalledTimes(1);
  answer();
  expect(await ping.problem()).toBeUndefined();
});
