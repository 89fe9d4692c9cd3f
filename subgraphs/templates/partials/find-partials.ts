/** Which partials something may use: those of its package, and those of none. */
import { scopedKey } from '../../../platform/names/ids.ts';
import type { PartialBody } from '../store/records.ts';
import type { PartialStore } from '../store/stores.ts';
import type { FindPartials } from './reach-sources.ts';

/**
 * @param packageId its package, whose partials are published with it: their drafts count.
 * @param shared of the partials of no package: what is published, or the drafts of those that have one.
 */
export function findPartials(
  store: PartialStore,
  workspace: string,
  packageId: string | undefined,
  shared: 'published' | 'drafts',
): FindPartials {
  const ownKey = packageId === undefined ? undefined : scopedKey(workspace, packageId);
  return async (names) => {
    const found = new Map<string, PartialBody>();
    for (const [name, head] of await store.fullHeads(workspace, names)) {
      const isOwn = head.packageKey !== undefined && head.packageKey === ownKey;
      if (head.packageKey !== undefined && !isOwn) continue;
      if (isOwn && head.removing) continue;
      const body = isOwn || shared === 'drafts' ? (head.draft ?? head.published) : head.published;
      if (body) found.set(name, body);
    }
    return found;
  };
}

/** As `find`, with some whose sources are known. Pure. */
export const knowing =
  (known: ReadonlyMap<string, PartialBody | undefined>, find: FindPartials): FindPartials =>
  async (names) => {
    const found = new Map(await find(names.filter((name) => !known.has(name))));
    for (const name of names) {
      const body = known.get(name);
      if (body) found.set(name, body);
    }
    return found;
  };
