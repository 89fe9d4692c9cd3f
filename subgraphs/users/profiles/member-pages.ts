/**
 * Members of groups, and all users of a workspace, page after page. The cursor of a page is kept for the next one: a group of a million is read
 * once and not, on an engine that finds all members before it answers the first, once for every page.
 */
import type { Collection, mongo } from 'mongoose';
import { scopedKey } from '../../../platform/names/ids.ts';
import type { UserDocument } from '../store/records.ts';

type Member = Pick<UserDocument, 'id'>;
interface Kept {
  /** Of workspace, group and the member after whom the cursor goes on: two plans may be there at once. */
  readonly key: string;
  readonly cursor: mongo.FindCursor<Member>;
  readonly timer: NodeJS.Timeout;
}

/** A plan goes on with the next page within seconds; one that does not has moved to another process. */
const KEPT_MS = 20_000;
const MAX_KEPT = 50;

export class MemberPages {
  readonly #users: Collection<UserDocument>;
  /** Oldest first. */
  readonly #kept = new Set<Kept>();

  constructor(users: Collection<UserDocument>) {
    this.#users = users;
  }

  /**
   * Ids, ascending, after `after`; fewer than `limit` on the last page only.
   * @param group undefined: everybody.
   */
  async read(
    workspace: string,
    group: string | undefined,
    after: string | undefined,
    limit: number,
  ): Promise<string[]> {
    const kept = after === undefined ? undefined : this.#take(keyOf(workspace, group, after));
    if (kept) {
      try {
        return await this.#page(kept, workspace, group, limit);
      } catch {
        // The server has dropped it, or was restarted: a new one starts at the same place, and tells what is wrong.
      }
    }
    return this.#page(this.#open(workspace, group, after, limit), workspace, group, limit);
  }

  #open(workspace: string, group: string | undefined, after: string | undefined, limit: number) {
    return this.#users
      .find<Member>(filterOf(workspace, group, after), { projection: { _id: 0, id: 1 } })
      .sort({ _id: 1 })
      .batchSize(limit);
  }

  async #page(
    cursor: mongo.FindCursor<Member>,
    workspace: string,
    group: string | undefined,
    limit: number,
  ): Promise<string[]> {
    const ids: string[] = [];
    try {
      while (ids.length < limit) {
        const member = await cursor.next();
        if (!member) break;
        ids.push(member.id);
      }
    } catch (error) {
      await cursor.close().catch(() => undefined);
      throw error;
    }
    const last = ids.at(-1);
    if (ids.length === limit && last !== undefined) this.#keep(keyOf(workspace, group, last), cursor);
    else await cursor.close();
    return ids;
  }

  #take(key: string): mongo.FindCursor<Member> | undefined {
    for (const kept of this.#kept)
      if (kept.key === key) {
        this.#forget(kept);
        return kept.cursor;
      }
    return undefined;
  }

  #keep(key: string, cursor: mongo.FindCursor<Member>): void {
    const kept: Kept = { key, cursor, timer: setTimeout(() => this.#drop(kept), KEPT_MS).unref() };
    this.#kept.add(kept);
    const [oldest] = this.#kept;
    if (this.#kept.size > MAX_KEPT && oldest) this.#drop(oldest);
  }

  #forget(kept: Kept): void {
    clearTimeout(kept.timer);
    this.#kept.delete(kept);
  }

  /** Nobody waits for the close, and a server that is away has none to do. */
  #drop(kept: Kept): void {
    this.#forget(kept);
    kept.cursor.close().catch(() => undefined);
  }
}

function filterOf(workspace: string, group: string | undefined, after: string | undefined) {
  // Keys of a workspace are between "name:" and "name;": no name has either.
  if (group === undefined) return { _id: { $gt: scopedKey(workspace, after ?? ''), $lt: `${workspace};` } };
  const groupKeys = scopedKey(workspace, group);
  return after === undefined ? { groupKeys } : { groupKeys, _id: { $gt: scopedKey(workspace, after) } };
}

const keyOf = (workspace: string, group: string | undefined, after: string): string =>
  JSON.stringify([workspace, group, after]);
