/** A package with all its members as they are stored. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { RouteBody } from '../contract.ts';
import { findPartials, knowing } from '../partials/find-partials.ts';
import type { FindPartials } from '../partials/reach-sources.ts';
import type { HeadRecord, PackageBody, PartialBody, TemplateBody } from '../store/records.ts';
import type { Stores } from '../store/stores.ts';

/** Members by id, ascending: also those that are marked to be removed. */
export interface PackageState {
  readonly head: HeadRecord<PackageBody>;
  readonly templates: readonly HeadRecord<TemplateBody>[];
  readonly routes: readonly HeadRecord<RouteBody>[];
  readonly partials: readonly HeadRecord<PartialBody>[];
}

/** Of templates, of routes and of partials each: what one transaction and one process take. */
export const MAX_MEMBERS = 2_000;

/** @throws HeraldError BAD_USER_INPUT (`id`) for more members than a package may have. */
export async function readState(
  stores: Stores,
  workspace: string,
  head: HeadRecord<PackageBody>,
): Promise<PackageState> {
  const [templates, routes, partials] = await Promise.all([
    stores.templates.ofPackage(workspace, head.id),
    stores.routes.ofPackage(workspace, head.id),
    stores.partials.ofPackage(workspace, head.id),
  ]);
  for (const [kind, members] of Object.entries({ templates, routes, partials }))
    if (members.length > MAX_MEMBERS)
      throw badInput('id', `The package has ${members.length} ${kind}; at most ${MAX_MEMBERS} are allowed.`);
  return { head, templates, routes, partials };
}

/** What a member has in the draft of its package: undefined where it is to be removed. Pure. */
export const draftOf = <Body>({ removing, draft, published }: HeadRecord<Body>): Body | undefined =>
  removing ? undefined : (draft ?? published);

/** The partials that templates of the draft may use: the package's, and those of no package that are published. */
export function partialsOfState(stores: Stores, { head, partials }: PackageState): FindPartials {
  const own = new Map(partials.map((partial) => [partial.id, draftOf(partial)]));
  return remembered(knowing(own, findPartials(stores.partials, head.workspace, undefined, 'published')));
}

/** A thousand templates with one layout read it once. */
function remembered(find: FindPartials): FindPartials {
  const known = new Map<string, Pick<PartialBody, 'source' | 'calls'> | undefined>();
  return async (names) => {
    const missing = names.filter((name) => !known.has(name));
    if (missing.length > 0) {
      const found = await find(missing);
      for (const name of missing) known.set(name, found.get(name));
    }
    return new Map(
      names.flatMap((name) => {
        const partial = known.get(name);
        return partial ? [[name, partial] as const] : [];
      }),
    );
  };
}
