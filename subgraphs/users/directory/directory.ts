/**
 * What there is in a workspace, for those who check what somebody saves. Straight from the store: it is asked seldom, and
 * needs none of what the subgraph keeps in memory.
 */
import type { Connection } from 'mongoose';
import { scopedKey } from '../../../platform/names/ids.ts';

export interface Directory {
  hasWorkspace(id: string): Promise<boolean>;
  /** Those of `ids` that are not users of the workspace; likewise the next two. */
  missingUsers(workspace: string, ids: readonly string[]): Promise<string[]>;
  missingSegments(workspace: string, ids: readonly string[]): Promise<string[]>;
  missingApps(workspace: string, ids: readonly string[]): Promise<string[]>;
  /** Those of `groups` that have no member. */
  emptyGroups(workspace: string, groups: readonly string[]): Promise<string[]>;
}

/** Asked for at once. */
const CHUNK = 1_000;

export function openDirectory(connection: Connection): Directory {
  const collection = (name: string) => connection.collection<{ _id: string; groupKeys?: string[] }>(name);
  const missingIn = (name: string) => async (workspace: string, ids: readonly string[]) => {
    const asked = [...new Set(ids)];
    const found = new Set<string>();
    for (let start = 0; start < asked.length; start += CHUNK) {
      const keys = asked.slice(start, start + CHUNK).map((id) => scopedKey(workspace, id));
      const some = await collection(name)
        .find({ _id: { $in: keys } }, { projection: { _id: 1 } })
        .toArray();
      for (const { _id } of some) found.add(_id);
    }
    return asked.filter((id) => !found.has(scopedKey(workspace, id)));
  };
  return {
    hasWorkspace: async (id) =>
      (await collection('workspaces').findOne({ _id: id }, { projection: { _id: 1 } })) !== null,
    missingUsers: missingIn('users'),
    missingSegments: missingIn('segments'),
    missingApps: missingIn('apps'),
    async emptyGroups(workspace, groups) {
      const empty: string[] = [];
      for (const group of new Set(groups)) {
        const groupKeys = scopedKey(workspace, group);
        const member = await collection('users').findOne({ groupKeys }, { projection: { _id: 1 } });
        if (!member) empty.push(group);
      }
      return empty;
    },
  };
}
