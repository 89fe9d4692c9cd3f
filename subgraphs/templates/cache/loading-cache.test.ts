import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { LoadingCache } from './loading-cache.ts';

/** A store whose answers the test gives, one by one. */
function slowStore() {
  const waiting: { key: string; answer(value: { v: number } | undefined): void; fail(error: Error): void }[] =
    [];
  const load = (key: string) =>
    new Promise<{ v: number } | undefined>((resolve, reject) => {
      waiting.push({ key, answer: resolve, fail: reject });
    });
  const next = () => {
    const first = waiting.shift();
    if (!first) throw new Error('nothing is being loaded');
    return first;
  };
  return { load, next, waiting };
}

describe('LoadingCache', () => {
  test('loads once for all who ask at the same time, then not again', async () => {
    const store = slowStore();
    const cache = new LoadingCache({ load: store.load, maxEntries: 10 });
    const asked = [cache.get('a'), cache.get('a'), cache.get('b')];
    expect(store.waiting.map((w) => w.key)).toEqual(['a', 'b']);
    store.next().answer({ v: 1 });
    store.next().answer({ v: 2 });
    expect(await Promise.all(asked)).toEqual([{ v: 1 }, { v: 1 }, { v: 2 }]);
    expect(await cache.get('a')).toEqual({ v: 1 });
    expect(store.waiting).toEqual([]);
  });

  test('a load that was under way when the key was dropped does not bring the old value back', async () => {
    const store = slowStore();
    const cache = new LoadingCache({ load: store.load, maxEntries: 10 });
    const before = cache.get('a');
    const old = store.next();
    cache.drop('a');
    const after = cache.get('a');
    const fresh = store.next();
    fresh.answer({ v: 2 });
    expect(await after).toEqual({ v: 2 });
    old.answer({ v: 1 });
    expect(await before).toEqual({ v: 1 });
    expect(await cache.get('a')).toEqual({ v: 2 });
    expect(store.waiting).toEqual([]);
  });

  test.each(['drop', 'dropAll'] as const)('%s during a load: the next who asks loads again', async (how) => {
    const store = slowStore();
    const cache = new LoadingCache({ load: store.load, maxEntries: 10 });
    const before = cache.get('a');
    if (how === 'drop') cache.drop('a');
    else cache.dropAll();
    store.next().answer({ v: 1 });
    expect(await before).toEqual({ v: 1 });
    const after = cache.get('a');
    store.next().answer({ v: 2 });
    expect(await after).toEqual({ v: 2 });
  });

  test('a late failure of a dropped load leaves the current one alone', async () => {
    const store = slowStore();
    const cache = new LoadingCache({ load: store.load, maxEntries: 10 });
    const before = cache.get('a');
    const old = store.next();
    cache.drop('a');
    const after = cache.get('a');
    old.fail(new Error('gone'));
    await expect(before).rejects.toThrow('gone');
    expect(cache.get('a')).toBe(after);
    store.next().answer({ v: 2 });
    expect(await after).toEqual({ v: 2 });
  });

  test('neither failures nor absence are kept', async () => {
    const store = slowStore();
    const cache = new LoadingCache({ load: store.load, maxEntries: 10 });
    const failed = cache.get('a');
    store.next().fail(new Error('down'));
    await expect(failed).rejects.toThrow('down');
    const absent = cache.get('a');
    store.next().answer(undefined);
    expect(await absent).toBeUndefined();
    const there = cache.get('a');
    store.next().answer({ v: 1 });
    expect(await there).toEqual({ v: 1 });
  });

  test('a value is loaded again after its greatest age', async () => {
    const aged = (maxAgeMs: number) => {
      let v = 0;
      return new LoadingCache({ load: async () => ({ v: ++v }), maxEntries: 10, maxAgeMs });
    };
    const [long, short] = [aged(600_000), aged(100)];
    for (const cache of [long, short]) expect(await cache.get('a')).toEqual({ v: 1 });
    await setTimeout(150);
    expect(await long.get('a')).toEqual({ v: 1 });
    expect(await short.get('a')).toEqual({ v: 2 });
  });

  test('keeps at most so many, the latest used', async () => {
    const loads: string[] = [];
    const cache = new LoadingCache({
      load: async (key) => {
        loads.push(key);
        return { v: 1 };
      },
      maxEntries: 2,
    });
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await cache.get(key);
    expect(loads).toEqual(['a', 'b', 'c', 'b']);
  });

  test('keeps at most so much weight', async () => {
    const loads: string[] = [];
    const cache = new LoadingCache({
      load: async (key) => {
        loads.push(key);
        return { v: Number(key) };
      },
      maxEntries: 100,
      maxWeight: 10,
      weightOf: ({ v }) => v,
    });
    for (const key of ['6', '3', '6', '4', '6', '3', '50', '50']) await cache.get(key);
    // 3 went for 4; 4 went for 3; 50 is heavier than all that may be kept.
    expect(loads).toEqual(['6', '3', '4', '3', '50', '50']);
  });
});
