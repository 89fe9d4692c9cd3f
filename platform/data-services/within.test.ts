import { afterEach, expect, it, vi } from 'vitest';
import { isDataServiceError, NoAnswerError } from '../errors/data-service-errors.ts';
import { within } from './within.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('is what the work comes to', async () => {
  vi.useFakeTimers();
  expect(await within(1_000, Promise.resolve(1))).toBe(1);
  await expect(within(1_000, Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(vi.getTimerCount()).toBe(0);
});

it('fails where nothing comes, as a data service that may be tried again', async () => {
  vi.useFakeTimers();
  const failure = within(20_000, new Promise(() => undefined)).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(19_999);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(await failure).toEqual(new NoAnswerError(20_000));
  expect(isDataServiceError(await failure)).toBe(true);
});
