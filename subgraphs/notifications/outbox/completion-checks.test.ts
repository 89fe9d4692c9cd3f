import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CompletionChecks } from './completion-checks.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function checks(tookMs: number) {
  const looks: { at: number; ids: readonly string[] }[] = [];
  const errors: unknown[] = [];
  const made = new CompletionChecks(
    async (ids) => {
      looks.push({ at: performance.now(), ids });
      await vi.advanceTimersByTimeAsync(tookMs);
    },
    (error) => errors.push(error),
  );
  return { made, looks, errors };
}

it('looks each time while that is cheap', async () => {
  const { made, looks } = checks(5);
  await made.ask(['a']);
  await made.ask(['b']);
  await made.ask([]);
  expect(looks.map((l) => l.ids)).toEqual([['a'], ['b']]);
});

it('looks seldom where it is dear, and at all that was asked for meanwhile', async () => {
  const { made, looks } = checks(100);
  await made.ask(['a']);
  const end = performance.now();
  await made.ask(['a']);
  await made.ask(['b', 'a']);
  expect(looks).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1_100);
  expect(looks[1]?.ids).toEqual(['a', 'b']);
  expect(looks[1]?.at).toBeGreaterThanOrEqual(end + 900);
});

it('tells what went wrong with a look that nobody waits for', async () => {
  const error = new Error('gone');
  const errors: unknown[] = [];
  let fails = false;
  const made = new CompletionChecks(
    async () => {
      await vi.advanceTimersByTimeAsync(50);
      if (fails) throw error;
    },
    (thrown) => errors.push(thrown),
  );
  await made.ask(['a']);
  fails = true;
  await made.ask(['a']);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(errors).toEqual([error]);
});
