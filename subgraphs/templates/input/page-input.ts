/** Relay's forward paging (https://relay.dev/graphql/connections.htm) over ids. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import { isCallerId } from '../../../platform/names/ids.ts';

const MAX_PAGE = 100;
const DEFAULT_PAGE = 25;

export interface PageInput {
  readonly first: number;
  /** The id after which the page begins. */
  readonly after?: string;
}

/** @throws HeraldError BAD_USER_INPUT naming `first` or `after`. */
export function pageInput(args: {
  readonly first?: number | null;
  readonly after?: string | null;
}): PageInput {
  const first = args.first ?? DEFAULT_PAGE;
  if (!Number.isInteger(first) || first < 1 || first > MAX_PAGE)
    throw badInput('first', `Must be 1 to ${MAX_PAGE}.`);
  if (args.after == null) return { first };
  const after = Buffer.from(args.after, 'base64url').toString();
  if (!isCallerId(after) || cursorOf(after) !== args.after)
    throw badInput('after', 'Must be a cursor that an earlier page gave.');
  return { first, after };
}

export const cursorOf = (id: string): string => Buffer.from(id).toString('base64url');

export interface Connection<Node> {
  readonly edges: { readonly cursor: string; readonly node: Node }[];
  readonly nodes: Node[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** @param found up to one more than `page.first`: the surplus tells that there is a next page. */
export function connectionOf<Node extends { readonly id: string }>(
  page: PageInput,
  found: readonly Node[],
): Connection<Node> {
  const nodes = found.slice(0, page.first);
  const edges = nodes.map((node) => ({ cursor: cursorOf(node.id), node }));
  return {
    edges,
    nodes,
    pageInfo: {
      hasNextPage: found.length > page.first,
      hasPreviousPage: page.after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
