import { describe, expect, test } from 'vitest';
import { bursts, type Evidence, holds, latencies, mostInWindow, mostProbes, quantile } from './figures.ts';

test.each([
  [{ value: 1, atMost: 1 }, true],
  [{ value: 2, atMost: 1 }, false],
  [{ value: 1, atLeast: 2 }, false],
  [{ value: 3, atLeast: 2, atMost: 3 }, true],
  [{ value: 7 }, true],
  [{ value: undefined }, true],
  [{ value: undefined, atMost: 1 }, false],
  [{ value: Number.NaN, atMost: 1 }, false],
])('%o holds: %s', (figure, expected) => {
  expect(holds({ what: 'x', unit: '', ...figure })).toBe(expected);
});

test.each([
  [[], 0],
  [[0, 999], 2],
  [[0, 1_000], 1],
  [[0, 500, 1_000, 1_400, 1_499], 4],
])('the most of %j in a second is %i', (times, most) => {
  expect(mostInWindow(times, 1_000)).toBe(most);
});

test('a burst ends where nothing comes for longer than the gap', () => {
  expect(bursts([0, 100, 200, 700, 5_000], 400)).toEqual([[0, 100, 200], [700], [5_000]]);
  expect(bursts([], 400)).toEqual([]);
});

test.each([
  [0.7, 0],
  [0.8, 1],
  [2.4, 2],
  [12, 4],
  [12.1, 4],
  [30, 5],
])('one breaker probes in %f s %i times at most', (seconds, probes) => {
  expect(mostProbes(seconds)).toBe(probes);
});

test('a quantile of nothing is none', () => {
  expect(quantile([], 0.99)).toBeUndefined();
  expect(quantile([1, 2, 3], 0.99)).toBe(3);
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(3);
});

describe('latencies', () => {
  const entry = (key: string, at: number, priority: 'HIGH' | 'LOW', channel: 'SMS' | 'WEBHOOK') =>
    ({ key, at, priority, channels: [channel], user: 'u', kind: 'plain' }) as const;
  const evidence: Evidence = {
    sent: [
      entry('one', 0, 'LOW', 'SMS'),
      entry('two', 10, 'HIGH', 'SMS'),
      entry('never', 20, 'LOW', 'SMS'),
      entry('web', 20, 'LOW', 'WEBHOOK'),
    ],
    requests: [
      { account: 'a', key: 'one', at: 5, status: 401 },
      { account: 'b', key: 'one', at: 40, status: 201 },
      { account: 'a', key: 'two', at: 45, status: 201 },
      { account: 'a', key: 'two', at: 99, status: 201 },
    ],
    webhooks: new Map([['web', 27]]),
    marks: {},
    verdict: { lost: [], unexpected: [], duplicated: 0, ends: {} },
  };

  test('end when a message is taken for the first time', () => {
    expect(latencies(evidence, { channel: 'SMS' })).toEqual([35, 40]);
  });
  test('are of one channel, one priority, and of when it was sent', () => {
    expect(latencies(evidence, { channel: 'WEBHOOK' })).toEqual([7]);
    expect(latencies(evidence, { channel: 'SMS', priority: 'HIGH' })).toEqual([35]);
    expect(latencies(evidence, { channel: 'SMS', to: 10 })).toEqual([40]);
    expect(latencies(evidence, { channel: 'SMS', from: 10 })).toEqual([35]);
  });
});
