/** Connections: by id, ascending, and of versions, newest first. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import {
  type ConnectionRecord,
  connectionOf,
  decodeCursor,
  encodeCursor,
  pageSize,
} from '../../../platform/graphql/connections.ts';
import type { VersionStamp } from '../store/records.ts';

export interface PageArgs {
  readonly first?: number | null;
  readonly after?: string | null;
}

/**
 * @param find up to `limit` after the id `after`.
 * @throws HeraldError BAD_USER_INPUT naming `first` or `after`.
 */
export async function pageOf<Node extends { readonly id: string }>(
  args: PageArgs,
  find: (after: string | undefined, limit: number) => Promise<readonly Node[]>,
): Promise<ConnectionRecord<Node>> {
  const size = pageSize(args.first);
  const after = args.after == null ? undefined : decodeCursor(args.after);
  const found = await find(after, size + 1);
  return connectionOf(found, size, (node) => encodeCursor(node.id), after !== undefined);
}

/**
 * @param find up to `limit` before the version `before`, newest first.
 * @throws HeraldError BAD_USER_INPUT naming `first` or `after`.
 */
export async function versionsPage<Stamp extends VersionStamp>(
  args: PageArgs,
  find: (before: number | undefined, limit: number) => Promise<readonly Stamp[]>,
): Promise<ConnectionRecord<Stamp>> {
  const size = pageSize(args.first);
  const before = args.after == null ? undefined : Number(decodeCursor(args.after));
  if (before !== undefined && !Number.isSafeInteger(before))
    throw badInput('after', 'This is not a cursor: take `endCursor` of the page before.');
  const found = await find(before, size + 1);
  return connectionOf(found, size, ({ version }) => encodeCursor(String(version)), before !== undefined);
}
