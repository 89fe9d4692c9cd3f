import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Arrival, type Bucket, MAX_BUCKET_BYTES, placeItems } from './bucket-rules.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const in_ = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
const item = (changes: Partial<Arrival> = {}): Arrival => ({
  bytes: 100,
  dueAt: in_(60),
  maxItems: 3,
  ...changes,
});
const bucket = (changes: Partial<Bucket> = {}): Bucket => ({
  _id: 'b0',
  dueAt: in_(30),
  maxItems: 3,
  count: 1,
  bytes: 100,
  ...changes,
});
function place(open: Bucket | undefined, ...items: Arrival[]) {
  let made = 0;
  const placed = placeItems(open, items, NOW, () => `n${++made}`);
  return { ...placed, where: items.map((one) => placed.places.get(one)) };
}

describe('placeItems', () => {
  it('begins a bucket with the first item, whose window it has', () => {
    const { buckets, where } = place(undefined, item(), item({ dueAt: in_(90) }));
    expect(buckets).toEqual([{ _id: 'n1', dueAt: in_(60), maxItems: 3, count: 2, bytes: 200 }]);
    expect(where).toEqual(['n1', 'n1']);
  });

  it('adds to the open one', () => {
    const { buckets, begun, where } = place(bucket(), item());
    expect(buckets).toEqual([bucket({ count: 2, bytes: 200 })]);
    expect(begun.size).toBe(0);
    expect(where).toEqual(['b0']);
  });

  it('begins the next one when the open one is due, and leaves that as it is', () => {
    const { buckets, where } = place(bucket({ dueAt: NOW }), item());
    expect(buckets.map(({ _id }) => _id)).toEqual(['n1']);
    expect(where).toEqual(['n1']);
  });

  it('one that is full is due now, and the next one begins', () => {
    const { buckets, where } = place(bucket({ count: 2 }), item(), item());
    expect(buckets).toEqual([
      bucket({ count: 3, bytes: 200, dueAt: NOW }),
      { _id: 'n1', dueAt: in_(60), maxItems: 3, count: 1, bytes: 100 },
    ]);
    expect(where).toEqual(['b0', 'n1']);
  });

  it('so is one that has no room for what comes', () => {
    const { buckets, where } = place(bucket({ bytes: MAX_BUCKET_BYTES - 50 }), item());
    expect(buckets).toEqual([
      bucket({ bytes: MAX_BUCKET_BYTES - 50, dueAt: NOW }),
      { _id: 'n1', dueAt: in_(60), maxItems: 3, count: 1, bytes: 100 },
    ]);
    expect(where).toEqual(['n1']);
  });

  it('what is larger than all gets one of its own', () => {
    const { buckets } = place(undefined, item({ bytes: 2 * MAX_BUCKET_BYTES }), item());
    expect(buckets.map(({ count }) => count)).toEqual([1, 1]);
    expect(buckets[0]?.dueAt).toEqual(NOW);
  });
});

/** What is stored of one series, and the steps that processes take with it. Each is a transaction: whole, or not at all. */
class Model {
  now = NOW.getTime();
  #made = 0;
  #slot: string | undefined;
  readonly #buckets = new Map<string, Bucket & { closed: boolean; openedAt: number }>();
  readonly #items = new Map<number, string>();
  readonly #planned = new Set<number>();
  readonly digests: { readonly items: readonly number[]; readonly bucket: string }[] = [];

  /** Plans items; a plan that is there already changes nothing. */
  plan(items: readonly ({ readonly id: number } & Arrival)[], crash: boolean): void {
    const fresh = items.filter(({ id }) => !this.#planned.has(id));
    const found = this.#slot === undefined ? undefined : this.#buckets.get(this.#slot);
    const open = found?.closed ? undefined : found;
    const placed = placeItems(open, fresh, new Date(this.now), () => `b${++this.#made}`);
    if (crash) return;
    for (const one of placed.buckets) {
      const openedAt = this.#buckets.get(one._id)?.openedAt ?? this.now;
      this.#buckets.set(one._id, { ...one, closed: false, openedAt });
    }
    this.#slot = [...placed.begun.keys()].at(-1) ?? this.#slot;
    for (const [{ id }, into] of placed.places) {
      this.#items.set(id, into);
      this.#planned.add(id);
    }
  }

  /** Closes what is due; a crash comes before all is written, or before what was collected is deleted. */
  close(crash: 'before' | 'after' | undefined): void {
    if (crash === 'before') return;
    for (const own of this.#buckets.values()) {
      if (own.closed || own.dueAt.getTime() > this.now) continue;
      const items = [...this.#items].flatMap(([id, into]) => (into === own._id ? [id] : []));
      expect(items).toHaveLength(own.count);
      this.digests.push({ items, bucket: own._id });
      this.#buckets.set(own._id, { ...own, closed: true });
      if (this.#slot === own._id) this.#slot = undefined;
    }
    if (crash === 'after') return;
    for (const [id, own] of this.#buckets)
      if (own.closed) {
        for (const [one, into] of this.#items) if (into === id) this.#items.delete(one);
        this.#buckets.delete(id);
      }
  }
}

type Step =
  | { readonly kind: 'arrive'; readonly sizes: readonly number[]; readonly crash: boolean }
  | { readonly kind: 'again'; readonly from: number }
  | { readonly kind: 'close'; readonly crash: 'before' | 'after' | undefined }
  | { readonly kind: 'clock'; readonly seconds: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('arrive' as const),
      sizes: fc.array(fc.oneof(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 700_000 })), {
        minLength: 1,
        maxLength: 6,
      }),
      crash: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('again' as const), from: fc.nat({ max: 30 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('close' as const),
      crash: fc.constantFrom(undefined, undefined, 'before' as const, 'after' as const),
    }),
  },
  {
    // Also backwards: the clock was set.
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('clock' as const),
      seconds: fc.integer({ min: -90, max: 200 }),
    }),
  },
);

describe('a digest', () => {
  it('loses nothing and doubles nothing, whatever arrives, crashes and moves the clock', () => {
    fc.assert(
      fc.property(
        fc.array(anyStep, { maxLength: 60 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 120 }),
        (steps, maxItems, windowSeconds) => {
          const model = new Model();
          const arrived: ({ readonly id: number } & Arrival)[] = [];
          const plan = (items: typeof arrived, crash: boolean) => {
            model.plan(items, crash);
            // Whoever crashed is followed by another one that does it again.
            if (crash) model.plan(items, false);
          };
          for (const step of steps)
            switch (step.kind) {
              case 'arrive': {
                const items = step.sizes.map((bytes, index) => ({
                  id: arrived.length + index,
                  bytes,
                  maxItems,
                  dueAt: new Date(model.now + windowSeconds * 1_000),
                }));
                arrived.push(...items);
                plan(items, step.crash);
                break;
              }
              case 'again':
                plan(arrived.slice(step.from, step.from + 3), false);
                break;
              case 'close':
                model.close(step.crash);
                break;
              case 'clock':
                model.now += step.seconds * 1_000;
            }
          model.now += 10 * 24 * 3_600_000;
          model.close(undefined);
          const told = model.digests.flatMap(({ items }) => items);
          expect([...told].sort((a, b) => a - b)).toEqual(arrived.map(({ id }) => id));
          const sizeOf = new Map(arrived.map(({ id, bytes }) => [id, bytes]));
          for (const { items } of model.digests) {
            expect(items.length).toBeGreaterThan(0);
            expect(items.length).toBeLessThanOrEqual(maxItems);
            const bytes = items.reduce((sum, id) => sum + (sizeOf.get(id) ?? 0), 0);
            expect(items.length === 1 || bytes <= MAX_BUCKET_BYTES).toBe(true);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
