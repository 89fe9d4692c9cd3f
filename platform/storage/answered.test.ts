import { afterEach, expect, it, vi } from 'vitest';
import { isDataServiceError, NoAnswerError } from '../errors/data-service-errors.ts';
import { answered } from './answered.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('is what the work comes to', async () => {
  vi.useFakeTimers();
  expect(await answered(Promise.resolve(1), 1_000)).toBe(1);
  await expect(answered(Promise.reject(new Error('no')), 1_000)).rejects.toThrow('no');
  expect(vi.getTimerCount()).toBe(0);
});

it('fails where nothing comes, as a data service that may be tried again', async () => {
  vi.useFakeTimers();
  const failure = answered(new Promise(() => undefined), 20_000).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(19_999);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(await failure).toEqual(new NoAnswerError(20_000));
  expect(isDataServiceError(await failure)).toBe(true);
});
