import { expect, test } from 'vitest';
import { arrivals, type Seen, withSeen } from './arrivals.ts';

const message = (id: string, minute: number) => ({
  id,
  createdAt: new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString(),
});
const nothing: Seen = { ids: new Set(), newestMs: Number.NEGATIVE_INFINITY };
const ids = (messages: readonly { id: string }[]) => messages.map(({ id }) => id);

test('newer ones arrive, older ones that were loaded do not', () => {
  const seen = withSeen(nothing, [message('b', 2), message('a', 1)]);
  expect(ids(arrivals(seen, [message('c', 3), message('b', 2), message('a', 1), message('old', 0)]))).toEqual(
    ['c'],
  );
});

test('nothing arrives twice, even after it was archived', () => {
  const seen = withSeen(withSeen(nothing, [message('a', 1)]), []);
  expect(arrivals(seen, [message('a', 1)])).toEqual([]);
  expect(ids(arrivals(seen, [message('b', 1)]))).toEqual(['b']);
});

test('in an inbox that was empty the first arrives', () => {
  expect(ids(arrivals(withSeen(nothing, []), [message('a', 1)]))).toEqual(['a']);
});
