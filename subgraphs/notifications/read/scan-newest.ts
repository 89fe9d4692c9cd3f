/**
 * Reads a list newest first whose filter no index serves whole: page after page of the list is read and sifted,
 * up to a bound, so that a rare filter costs no more than a common one. Where the bound comes first, the page is
 * short and tells where to go on.
 */

/** Documents that one call looks at. */
export const SCAN_LIMIT = 5_000;
const SCAN_PAGE = 500;

export interface Scanned<T> {
  readonly found: readonly T[];
  /** Where the next call goes on; absent when the list has ended. */
  readonly next?: string;
}

/** What one read gives. */
export interface Stretch<T> {
  /** Newest first, without a gap. */
  readonly items: readonly T[];
  /** Nothing comes after them. */
  readonly end: boolean;
}

/**
 * @param read items of the list after a position, `limit` of them at least unless it ends before.
 * @param positionOf the position of an item, to go on after it.
 * @param matches absent when every item does.
 */
export async function scanNewest<T>(options: {
  readonly read: (after: string | undefined, limit: number) => Promise<Stretch<T>>;
  readonly positionOf: (item: T) => string;
  readonly matches?: (item: T) => boolean;
  readonly size: number;
  readonly after?: string | undefined;
  readonly scanLimit?: number;
}): Promise<Scanned<T>> {
  const { read, positionOf, matches, size, scanLimit = SCAN_LIMIT } = options;
  const found: T[] = [];
  let position = options.after;
  let scanned = 0;
  while (scanned < scanLimit) {
    const limit = matches ? Math.min(SCAN_PAGE, scanLimit - scanned) : size + 1;
    const { items, end } = await read(position, limit);
    for (const item of items) {
      if (found.length === size) return { found, ...(position !== undefined && { next: position }) };
      position = positionOf(item);
      if (!matches || matches(item)) found.push(item);
    }
    scanned += items.length;
    if (end) return { found };
  }
  return { found, ...(position !== undefined && { next: position }) };
}

/** What one query gives. */
export const stretchOf = <T>(items: readonly T[], limit: number): Stretch<T> => ({
  items,
  end: items.length < limit,
});

/**
 * Several lists as one. Of what was read, the part below the end of a list that goes on is left for the next read:
 * there, that list may have something in between.
 */
export function merged<T>(stretches: readonly Stretch<T>[], positionOf: (item: T) => string): Stretch<T> {
  const bounds = stretches.flatMap(({ items, end }) => {
    const last = items.at(-1);
    return end || last === undefined ? [] : [positionOf(last)];
  });
  const bound = bounds.sort().at(-1);
  const items = stretches
    .flatMap((stretch) => stretch.items)
    .map((item) => ({ item, position: positionOf(item) }))
    .filter(({ position }) => bound === undefined || position >= bound)
    .sort((a, b) => (a.position < b.position ? 1 : -1))
    .map(({ item }) => item);
  return { items, end: bound === undefined };
}
