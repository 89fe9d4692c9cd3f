/**
 * Reads a list newest first whose filter no index serves whole: page after page of the list is read and sifted,
 * up to a bound, so that a rare filter costs no more than a common one. Where the bound comes first, the page is
 * short and tells where to go on.
 */

/** Documents that one call looks at. */
export const SCAN_LIMIT = 10_000;
const SCAN_PAGE = 500;

export interface Scanned<T> {
  readonly found: readonly T[];
  /** Where the next call goes on; absent when the list has ended. */
  readonly next?: string;
}

/**
 * @param read up to `limit` items of the list after a position, newest first.
 * @param positionOf the position of an item, to go on after it.
 * @param matches absent when every item does.
 */
export async function scanNewest<T>(options: {
  readonly read: (after: string | undefined, limit: number) => Promise<readonly T[]>;
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
    const items = await read(position, limit);
    for (const item of items) {
      if (found.length === size) return { found, ...(position !== undefined && { next: position }) };
      position = positionOf(item);
      if (!matches || matches(item)) found.push(item);
    }
    scanned += items.length;
    if (items.length < limit) return { found };
  }
  return { found, ...(position !== undefined && { next: position }) };
}
