import { describe, expect, it } from 'vitest';
import { Batcher } from './batcher.ts';

const ok = <R>(value: R) => ({ ok: true as const, value });

describe('Batcher', () => {
  it('forms the next group while one is under way', async () => {
    const groups: number[][] = [];
    let release: () => void = () => undefined;
    const batcher = new Batcher<number, number>(
      async (items) => {
        groups.push([...items]);
        if (groups.length === 1) await new Promise<void>((resolve) => (release = resolve));
        return items.map((item) => ok(item * 2));
      },
      { maxGroup: 100 },
    );
    const first = batcher.submit(1);
    await new Promise((resolve) => setImmediate(resolve));
    const rest = [batcher.submit(2), batcher.submit(3)];
    await new Promise((resolve) => setImmediate(resolve));
    expect(groups).toEqual([[1]]);
    release();
    expect(await first).toBe(2);
    expect(await Promise.all(rest)).toEqual([4, 6]);
    expect(groups).toEqual([[1], [2, 3]]);
  });

  it('cuts groups at their greatest size and keeps the order', async () => {
    const groups: number[] = [];
    const batcher = new Batcher<number, number>(
      async (items) => {
        groups.push(items.length);
        return items.map(ok);
      },
      { maxGroup: 3 },
    );
    const results = await batcher.submitAll([1, 2, 3, 4, 5, 6, 7]);
    expect(results.map((r) => r.status === 'fulfilled' && r.value)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(groups).toEqual([3, 3, 1]);
  });

  it("fails only the item that failed, and everybody when the group's handler throws", async () => {
    const batcher = new Batcher<number, number>(
      async (items) => {
        if (items.includes(13)) throw new Error('all');
        return items.map((item) => (item < 0 ? { ok: false as const, error: new Error('own') } : ok(item)));
      },
      { maxGroup: 10 },
    );
    const mixed = await batcher.submitAll([1, -1, 2]);
    expect(mixed.map((r) => r.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const all = await batcher.submitAll([1, 13]);
    expect(all.map((r) => r.status)).toEqual(['rejected', 'rejected']);
    expect(await batcher.submit(5)).toBe(5);
  });

  it('drains', async () => {
    let done = 0;
    const batcher = new Batcher<number, number>(
      async (items) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        done += items.length;
        return items.map(ok);
      },
      { maxGroup: 2 },
    );
    const results = batcher.submitAll([1, 2, 3, 4, 5]);
    await batcher.drain();
    expect(done).toBe(5);
    await results;
    await batcher.drain();
  });
});
