/** What putting a package back to an earlier version does. */
import { conflict } from '../../../platform/errors/herald-error.ts';
import type { Change } from '../store/change.ts';
import type { DraftStore } from '../store/draft-store.ts';
import { packageOf } from '../store/package-of.ts';
import type { HeadRecord, MemberVersion, PackageMembers } from '../store/records.ts';
import type { Changes, Stores } from '../store/stores.ts';
import { templatesOfRoute } from '../store/templates-of-route.ts';
import type { PackageState } from './package-state.ts';
import { outsideRoutes, withPins } from './plan-publish.ts';

export interface RollbackPlan {
  /** Without the package's own. */
  readonly changes: Required<Omit<Changes, 'packages'>>;
  readonly members: PackageMembers;
}

/**
 * Reads versions; stores nothing. Members that have their version of then keep it; others get what they were then as a
 * new version; those that came since are withdrawn, and drafts of the others stay.
 * @throws HeraldError CONFLICT when a member belongs to another package now, or one that came since, or that is no longer
 * there, is needed.
 */
export async function planRollback(
  stores: Stores,
  state: PackageState,
  wanted: PackageMembers,
): Promise<RollbackPlan> {
  const { head } = state;
  const partials = await planKind(stores.partials, head, 'partial', state.partials, wanted.partials);
  const templates = await planKind(stores.templates, head, 'template', state.templates, wanted.templates);
  for (const change of templates.changes)
    if (change.kind === 'withdraw')
      for (const event of await outsideRoutes(stores, head, change.id))
        throw conflict(`The route for the event "${event}", not in the package, sends "${change.id}".`, 'id');
  const restored = await planKind(stores.routes, head, 'route', state.routes, wanted.routes);
  const pinned = new Map(templates.members.map(({ id, version }) => [id, version]));
  const routes = restored.changes.map((change) =>
    change.kind === 'publish' ? { ...change, body: withPins(change.body, pinned) } : change,
  );
  const sent = routes.flatMap((change) => (change.kind === 'publish' ? templatesOfRoute(change.body) : []));
  const outside = [...new Set(sent)].filter((id) => !pinned.has(id));
  const found = await stores.templates.heads(head.workspace, outside);
  for (const id of outside)
    if (found.get(id)?.publishedVersion === undefined)
      throw conflict(`A route of that version sends "${id}", which is no longer published.`, 'version');
  return {
    changes: { partials: partials.changes, templates: templates.changes, routes },
    members: { partials: partials.members, templates: templates.members, routes: restored.members },
  };
}

async function planKind<Body extends Summary, Summary>(
  store: DraftStore<Body, Summary>,
  { workspace, _id: packageKey }: Pick<HeadRecord<unknown>, 'workspace' | '_id'>,
  what: string,
  current: readonly HeadRecord<Body>[],
  wanted: readonly MemberVersion[],
): Promise<{ readonly changes: readonly Change<Body>[]; readonly members: readonly MemberVersion[] }> {
  const heads = await store.allHeads(
    workspace,
    wanted.map(({ id }) => id),
  );
  const changed = wanted.filter(({ id, version }) => heads.get(id)?.publishedVersion !== version);
  const bodies = await store.versions(workspace, changed);
  const changes: Change<Body>[] = [];
  const members: MemberVersion[] = [];
  for (const { id, version } of wanted) {
    const head = heads.get(id);
    if (!head) throw new Error(`the ${what} "${id}" of package "${packageKey}" has no head`);
    if (head.packageKey !== packageKey && !head.withdrawn) {
      const owner = packageOf(head);
      throw conflict(
        `The ${what} "${id}" ${owner === undefined ? 'belongs to no package' : `belongs to the package "${owner}"`} now: remove it there first.`,
        'id',
      );
    }
    if (head.publishedVersion === version) {
      members.push({ id, version });
      continue;
    }
    const body = bodies.get(id);
    if (body === undefined) throw new Error(`version ${version} of the ${what} "${id}" is not kept`);
    changes.push({
      kind: 'publish',
      workspace,
      id,
      head,
      body,
      restores: version,
      keepsDraft: true,
      packageKey,
    });
    members.push({ id, version: head.nextVersion });
  }
  const kept = new Set(wanted.map(({ id }) => id));
  for (const head of current)
    if (!kept.has(head.id) && head.published !== undefined)
      changes.push({ kind: 'withdraw', workspace, id: head.id, head });
  return { changes, members };
}
