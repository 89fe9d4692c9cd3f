import { expect, it } from 'vitest';
import { isStuck, type WorkerState } from './watchdog.ts';

const stuck: WorkerState = {
  jobs: 3,
  waitingMs: 10_000,
  sinceTakenMs: 10_000,
  inHand: 0,
  concurrency: 64,
  running: true,
};

it.each<[string, Partial<WorkerState>, boolean]>([
  ['takes nothing although jobs wait', {}, true],
  ['holds some, has room, takes no more', { inHand: 63 }, true],
  ['has its hands full', { inHand: 64 }, false],
  ['its loop has ended, with whatever it holds', { inHand: 64, running: false }, true],
  ['nothing waits', { jobs: 0, running: false }, false],
  ['jobs have only just come', { waitingMs: 9_999 }, false],
  ['a long queue that it works on', { jobs: 1_000_000, sinceTakenMs: 5 }, false],
])('a worker that %s', (_what, change, expected) => {
  expect(isStuck({ ...stuck, ...change }, 10_000)).toBe(expected);
});
