/** Relay connections (https://relay.dev/graphql/connections.htm), keyset-paged. */
import { badInput } from '../errors/herald-error.ts';

export const MAX_PAGE = 100;

export interface PageInfoRecord {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: string | null;
  readonly endCursor: string | null;
}
export interface ConnectionRecord<T> {
  readonly edges: { readonly cursor: string; readonly node: T }[];
  readonly nodes: T[];
  readonly pageInfo: PageInfoRecord;
}

/** @throws HeraldError BAD_USER_INPUT (field `first`) outside 1..100. */
export function pageSize(first: number | null | undefined, fallback = 25): number {
  const size = first ?? fallback;
  if (size < 1 || size > MAX_PAGE) throw badInput('first', `Must be 1 to ${MAX_PAGE}; it is ${size}.`);
  return size;
}

/** Cursors are opaque to callers: base64url of the key to go on after. */
export const encodeCursor = (key: string): string => Buffer.from(key).toString('base64url');

/**
 * @param prefix with which the keys of this list begin.
 * @throws HeraldError BAD_USER_INPUT (field `after`) for what is no cursor of the list.
 */
export function decodeCursor(cursor: string, prefix = ''): string {
  const key = Buffer.from(cursor, 'base64url').toString('utf8');
  if (key === '' || encodeCursor(key) !== cursor || !key.startsWith(prefix))
    throw badInput('after', 'This is not a cursor: take `endCursor` of the page before.');
  return key;
}

/**
 * @param found up to `size + 1` items in order: the extra one says that there are more.
 * @param cursorOf the cursor to go on after an item.
 */
export function connectionOf<T>(
  found: readonly T[],
  size: number,
  cursorOf: (item: T) => string,
  hasPreviousPage: boolean,
): ConnectionRecord<T> {
  const nodes = found.slice(0, size);
  const edges = nodes.map((node) => ({ cursor: cursorOf(node), node }));
  return {
    edges,
    nodes,
    pageInfo: {
      hasNextPage: found.length > size,
      hasPreviousPage,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
