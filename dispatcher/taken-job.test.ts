import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sharedNow } from '../platform/clock/shared-clock.ts';
import { HOLD_MS, takenJob } from './taken-job.ts';

// Both clocks stand still.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const job = (changes: object = {}) => ({
  timestamp: Date.now() - 60_000,
  processedOn: Date.now(),
  stalledCounter: 0,
  attemptsStarted: 1,
  ...changes,
});
const leftMs = (changes: object = {}) => takenJob(job(changes)).heldUntil - sharedNow();

describe('a job that was taken', () => {
  it('is held from when it was asked for, however long it waited before', () => {
    expect(leftMs()).toBe(HOLD_MS);
    expect(leftMs({ processedOn: Date.now() - 700 })).toBe(HOLD_MS - 700);
    expect(takenJob(job({ timestamp: 7 })).queuedAt).toBe(7);
  });

  it('is not held any more by a worker that stood still before it got the answer', () => {
    expect(leftMs({ processedOn: Date.now() - HOLD_MS })).toBe(0);
  });

  it.each([
    ['another worker had it before', { attemptsStarted: 2 }],
    ['it stalled', { stalledCounter: 1 }],
    ['the clock was set back since', { processedOn: Date.now() + 3600_000 }],
    ['nobody knows when it was taken', { processedOn: undefined }],
  ])('is not held where %s', (_why, changes) => {
    expect(leftMs(changes)).toBeLessThan(0);
  });
});
