/**
 * Cuts a notification's recipients into pages: named users and addresses first, then the members of each group
 * in turn, so that a group of a million is planned in steps that a crash does not undo.
 */
import type {
  DeliveryRecord,
  NotificationRecord,
  RecipientEntry,
} from '../../subgraphs/notifications/index.ts';
import type { UsersService } from '../../subgraphs/users/index.ts';

export interface PageOfRecipients {
  readonly users: readonly string[];
  readonly addresses: readonly RecipientEntry[];
  /** Of a replay: the deliveries that are sent again. */
  readonly originals?: readonly DeliveryRecord[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

/** Members of a group on one page. */
export const GROUP_PAGE = 500;

/** Where a page starts: the how-manieth group, after which member. */
interface Position {
  readonly group: number;
  readonly after?: string;
}

const encode = (position: Position): string => JSON.stringify(position);
const decode = (cursor: string): Position => JSON.parse(cursor) as Position;

/** The page that `planCursor` points at. */
export async function nextPage(
  record: Pick<NotificationRecord, 'workspace' | 'to' | 'planCursor'>,
  users: Pick<UsersService, 'groupMembers'>,
): Promise<PageOfRecipients> {
  const groups = [...new Set(record.to.flatMap((entry) => entry.group ?? []))];
  if (record.planCursor === undefined)
    return {
      users: [...new Set(record.to.flatMap((entry) => entry.user ?? []))],
      addresses: record.to.filter((entry) => entry.address !== undefined),
      ...(groups.length > 0 && { nextCursor: encode({ group: 0 }) }),
    };
  const position = decode(record.planCursor);
  const group = groups[position.group];
  if (group === undefined) return { users: [], addresses: [] };
  const members = await users.groupMembers(record.workspace, group, position.after, GROUP_PAGE);
  const more = members.length === GROUP_PAGE;
  const last = members.at(-1);
  const next: Position | undefined = more
    ? { group: position.group, ...(last !== undefined && { after: last }) }
    : position.group + 1 < groups.length
      ? { group: position.group + 1 }
      : undefined;
  return { users: members, addresses: [], ...(next && { nextCursor: encode(next) }) };
}
