import { expect, test } from 'vitest';
import { ActionStore } from './action-store.ts';
import type { StorageLike } from './environment.ts';
import type { PendingAction } from './inbox-state.ts';

class MemoryStorage extends Map<string, string> implements StorageLike {
  get length(): number {
    return this.size;
  }
  key(index: number): string | null {
    return [...this.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.set(key, value);
  }
  removeItem(key: string): void {
    this.delete(key);
  }
}

const NOW = Date.parse('2026-11-21T12:00:00Z');
const action = (id: string, at = new Date(NOW).toISOString()): PendingAction => ({
  id,
  kind: 'read',
  ids: ['m1'],
  at,
});

test('two tabs keep their actions side by side; each inbox sees its own, oldest first', () => {
  const storage = new MemoryStorage();
  const [here, there] = [new ActionStore('a', storage), new ActionStore('a', storage)];
  there.keep({ ...action('2'), sent: true });
  here.keep(action('1'));
  new ActionStore('b', storage).keep(action('3'));
  expect(here.load(NOW)).toEqual([action('1'), action('2')]);
  here.drop('2');
  expect(there.load(NOW)).toEqual([action('1')]);
});

test('what is too old, or nobody wrote like this, is removed', () => {
  const storage = new MemoryStorage();
  const store = new ActionStore('a', storage);
  store.keep(action('1', '2026-11-01T12:00:00Z'));
  storage.setItem('a#2', '{"id":');
  storage.setItem('a#3', 'null');
  store.keep(action('4'));
  expect(store.load(NOW)).toEqual([action('4')]);
  expect([...storage.keys()]).toEqual(['a#4']);
});

test('without storage it keeps nothing, and does not fail', () => {
  const store = new ActionStore('a', undefined);
  store.keep(action('1'));
  store.drop('1');
  expect(store.load()).toEqual([]);
});
