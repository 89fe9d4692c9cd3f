/**
 * Cuts a notification's recipients into pages: named users and addresses first, then the members of each group
 * and each segment in turn, so that a group of a million is planned in steps that a crash does not undo.
 */
import type {
  DeliveryRecord,
  NotificationRecord,
  RecipientEntry,
} from '../../subgraphs/notifications/index.ts';
import type { SegmentPlace, UsersService } from '../../subgraphs/users/index.ts';

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

/** Users of the workspace who are looked at for a page of a segment: it may find nobody, and go on. */
export const SEGMENT_PAGE = 500;

/** Where a page starts: the how-manieth of the groups and segments, after which member. */
interface Position extends SegmentPlace {
  readonly group: number;
}

const encode = (position: Position): string => JSON.stringify(position);
const decode = (cursor: string): Position => JSON.parse(cursor) as Position;

/** The page that `planCursor` points at. */
export async function nextPage(
  record: Pick<NotificationRecord, 'workspace' | 'to' | 'planCursor'>,
  users: Pick<UsersService, 'groupMembers' | 'segmentMembers'>,
): Promise<PageOfRecipients> {
  const groups = [...new Set(record.to.flatMap((entry) => entry.group ?? []))];
  const segments = [...new Set(record.to.flatMap((entry) => entry.segment ?? []))];
  const count = groups.length + segments.length;
  if (record.planCursor === undefined)
    return {
      users: [...new Set(record.to.flatMap((entry) => entry.user ?? []))],
      addresses: record.to.filter((entry) => entry.address !== undefined),
      ...(count > 0 && { nextCursor: encode({ group: 0 }) }),
    };
  const position = decode(record.planCursor);
  const group = groups[position.group];
  const segment = segments[position.group - groups.length];
  const { members, next } =
    group !== undefined
      ? await ofGroup(record.workspace, group, position, users)
      : segment !== undefined
        ? await ofSegment(record.workspace, segment, position, users)
        : NOBODY;
  const following: Position | undefined = next
    ? { group: position.group, ...next }
    : position.group + 1 < count
      ? { group: position.group + 1 }
      : undefined;
  return { users: members, addresses: [], ...(following && { nextCursor: encode(following) }) };
}

interface Members {
  readonly members: readonly string[];
  /** Where the same group or segment goes on. */
  readonly next?: SegmentPlace;
}
const NOBODY: Members = { members: [] };

async function ofGroup(
  workspace: string,
  group: string,
  { after }: Position,
  users: Pick<UsersService, 'groupMembers'>,
): Promise<Members> {
  const members = await users.groupMembers(workspace, group, after, GROUP_PAGE);
  const last = members.at(-1);
  return { members, ...(members.length === GROUP_PAGE && last !== undefined && { next: { after: last } }) };
}

async function ofSegment(
  workspace: string,
  segment: string,
  { after, when }: Position,
  users: Pick<UsersService, 'segmentMembers'>,
): Promise<Members> {
  const from = { ...(after !== undefined && { after }), ...(when !== undefined && { when }) };
  const page = await users.segmentMembers(workspace, segment, from, SEGMENT_PAGE);
  return { members: page.users, ...(page.next && { next: page.next }) };
}
