/** Connections by id, ascending. */
import {
  type ConnectionRecord,
  connectionOf,
  decodeCursor,
  encodeCursor,
  pageSize,
} from '../../../platform/graphql/connections.ts';

interface PageArgs {
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
