/** Which bucket takes an item, and when a bucket is closed. Pure. */

/** What a digest's items may come to, as JSON text: it is one document, and one message. */
export const MAX_BUCKET_BYTES = 1_000_000;

/** What the rules go by. */
export interface Bucket {
  readonly _id: string;
  readonly dueAt: Date;
  readonly maxItems: number;
  readonly count: number;
  readonly bytes: number;
}

/** An item on its way into a bucket. */
export interface Arrival {
  /** As JSON text. */
  readonly bytes: number;
  /** When a bucket that begins with it is due. */
  readonly dueAt: Date;
  readonly maxItems: number;
}

export interface Placed<T extends Arrival> {
  /** Those that were begun or have changed, as they are now; the last one is the open one. */
  readonly buckets: readonly Bucket[];
  /** Ids of those that were begun, and by which item. */
  readonly begun: ReadonlyMap<string, T>;
  readonly places: ReadonlyMap<T, string>;
}

/**
 * Puts items into the open bucket of their series, in order. One that is due, or has no room, takes nothing more: the
 * next one begins. One that is full is due at once.
 */
export function placeItems<T extends Arrival>(
  open: Bucket | undefined,
  items: readonly T[],
  now: Date,
  newId: () => string,
): Placed<T> {
  const buckets = new Map<string, Bucket>();
  const begun = new Map<string, T>();
  const places = new Map<T, string>();
  let current = open;
  for (const item of items) {
    if (current && !takes(current, item, now)) {
      // Not due, and yet it takes nothing: full.
      if (current.dueAt > now) buckets.set(current._id, { ...current, dueAt: now });
      current = undefined;
    }
    const into: Bucket = current ?? {
      _id: newId(),
      dueAt: item.dueAt,
      maxItems: item.maxItems,
      count: 0,
      bytes: 0,
    };
    if (!current) begun.set(into._id, item);
    const filled = { ...into, count: into.count + 1, bytes: into.bytes + item.bytes };
    current = isFull(filled) ? { ...filled, dueAt: now } : filled;
    buckets.set(current._id, current);
    places.set(item, current._id);
  }
  return { buckets: [...buckets.values()], begun, places };
}

const takes = (bucket: Bucket, item: Arrival, now: Date): boolean =>
  bucket.dueAt > now && !isFull(bucket) && bucket.bytes + item.bytes <= MAX_BUCKET_BYTES;

const isFull = ({ count, maxItems, bytes }: Bucket): boolean =>
  count >= maxItems || bytes >= MAX_BUCKET_BYTES;
