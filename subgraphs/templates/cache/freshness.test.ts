import { describe, expect, test } from 'vitest';
import { Freshness, PUBLISHED_MAX_AGE_MS } from './freshness.ts';

function open() {
  const state = { now: 0, revision: 1, reads: 0, dropped: [] as string[], failures: 0, down: false };
  const freshness = new Freshness({
    now: () => state.now,
    read: async () => {
      state.reads++;
      if (state.down) throw new Error('down');
      return state.revision;
    },
    onChange: (workspace) => state.dropped.push(workspace),
    onFailure: () => state.failures++,
  });
  return { state, freshness };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('Freshness', () => {
  test('the first caller waits, and those at the same time wait for the same', async () => {
    const { state, freshness } = open();
    const [a, b] = [freshness.ensure('w'), freshness.ensure('w')];
    expect(a).toBeInstanceOf(Promise);
    expect(b).toBe(a);
    await a;
    expect(state.reads).toBe(1);
    expect(state.dropped).toEqual([]);
    expect(freshness.ensure('w')).toBeUndefined();
  });

  test('asked ever so often, it reads twice a second and nobody waits', async () => {
    const { state, freshness } = open();
    await freshness.ensure('w');
    for (; state.now < 10_000; state.now += 10) {
      expect(freshness.ensure('w')).toBeUndefined();
      await settled();
    }
    expect(state.reads).toBe(20);
    expect(state.dropped).toEqual([]);
  });

  test('a change is seen within the greatest age, of its workspace alone', async () => {
    const { state, freshness } = open();
    await Promise.all([freshness.ensure('w'), freshness.ensure('x')]);
    state.revision = 2;
    state.now = PUBLISHED_MAX_AGE_MS - 1;
    expect(freshness.ensure('w')).toBeUndefined();
    await settled();
    expect(state.dropped).toEqual(['w']);
  });

  test('after a pause the caller waits until it is known', async () => {
    const { state, freshness } = open();
    await freshness.ensure('w');
    state.revision = 2;
    state.now = PUBLISHED_MAX_AGE_MS;
    const waiting = freshness.ensure('w');
    expect(state.dropped).toEqual([]);
    await waiting;
    expect(state.dropped).toEqual(['w']);
  });

  test('a store that is away is told of when what is known is too old, and asked again', async () => {
    const { state, freshness } = open();
    await freshness.ensure('w');
    state.down = true;
    state.now = 600;
    expect(freshness.ensure('w')).toBeUndefined();
    await settled();
    expect(state.failures).toBe(1);
    state.now = 1_000;
    await expect(freshness.ensure('w')).rejects.toThrow('down');
    state.down = false;
    await freshness.ensure('w');
    expect(freshness.ensure('w')).toBeUndefined();
  });
});
