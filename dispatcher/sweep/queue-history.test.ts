import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { sharedNow } from '../../platform/clock/shared-clock.ts';
import type { QueueState } from '../../platform/queues/queue-states.ts';
import { QueueHistory } from './queue-history.ts';

const HOLD_MS = 1_000;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date', 'setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A queue, and the moments (ms from the start) its jobs were put in. */
function queueOf(...jobs: number[]) {
  const start = sharedNow();
  let gone = false;
  const states = async (): Promise<ReadonlyMap<string, QueueState>> => {
    const oldest = jobs[0] ?? sharedNow() - start;
    const oldestMs = gone ? undefined : sharedNow() - start - oldest;
    return new Map([['q', { queue: 'q', jobs: jobs.length, oldestMs }]]);
  };
  const history = new QueueHistory({ queues: { states }, holdMs: HOLD_MS, log: pino({ level: 'silent' }) });
  return {
    history,
    jobs,
    vanish: (yes: boolean) => {
      gone = yes;
    },
    takenBefore: () => {
      const at = history.takenBefore('q');
      return at && at.getTime() - start;
    },
  };
}
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

it('knows nothing until it has looked for long enough', async () => {
  const { history, takenBefore } = queueOf(0);
  await history.look();
  await pass(HOLD_MS - 1);
  expect(takenBefore()).toBeUndefined();
  await pass(1);
  expect(takenBefore()).toBe(0);
});

it('leaves a job alone for a while after it was taken, and what was queued after it', async () => {
  const { history, jobs, takenBefore } = queueOf(0, 10);
  history.start();
  await pass(5_000);
  expect(takenBefore()).toBe(0);
  jobs.shift();
  await pass(HOLD_MS - 1);
  expect(takenBefore()).toBe(0);
  await pass(1_000);
  expect(takenBefore()).toBe(10);
  jobs.shift();
  await pass(HOLD_MS + 1_000);
  // Nothing waited a while ago: everything queued before then has been taken.
  expect(takenBefore()).toBeGreaterThan(6_500);
  expect(takenBefore()).toBeLessThanOrEqual(8_000);
  await history.close();
});

it('keeps to what it saw before where the next job is taken while it looks', async () => {
  const { history, takenBefore, vanish } = queueOf(0);
  await history.look();
  await pass(3_000);
  vanish(true);
  await history.look();
  await pass(HOLD_MS);
  expect(takenBefore()).toBe(0);
});
