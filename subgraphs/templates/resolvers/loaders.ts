/** Reads of one request, batched: many references in one answer cost one query. */
import DataLoader from 'dataloader';
import { type Principal, type RequestContext, requirePrincipal } from '../../../platform/auth/principal.ts';
import type { PackageDrafts, PackageHead } from '../packages/package-drafts.ts';
import type { PartialDrafts, PartialHead } from '../partials/partial-drafts.ts';
import type { RouteDrafts, RouteHead } from '../service/route-drafts.ts';
import type { TemplateDrafts, TemplateHead } from '../service/template-drafts.ts';
import { packageOf } from '../store/package-of.ts';
import type { HeadRecord, PartialBody, TemplateBody } from '../store/records.ts';

export interface Loaders {
  readonly templates: DataLoader<string, TemplateHead | undefined>;
  readonly sources: DataLoader<string, HeadRecord<TemplateBody> | undefined>;
  readonly routes: DataLoader<string, RouteHead | undefined>;
  readonly packages: DataLoader<string, PackageHead | undefined>;
  readonly partials: DataLoader<string, PartialHead | undefined>;
  readonly partialSources: DataLoader<string, HeadRecord<PartialBody> | undefined>;
}

/** The loaders of a request, all of its caller's workspace. */
export type LoadersOf = (context: RequestContext) => Loaders;

export function createLoaders(
  templates: TemplateDrafts,
  routes: RouteDrafts,
  partials: PartialDrafts,
  packages: PackageDrafts,
): LoadersOf {
  const byContext = new WeakMap<RequestContext, Loaders>();
  return (context) => {
    const known = byContext.get(context);
    if (known) return known;
    const { workspace }: Principal = requirePrincipal(context, 'app', 'operator', 'user');
    const made: Loaders = {
      templates: batched((ids) => templates.find(workspace, ids)),
      sources: batched((ids) => templates.findWithSources(workspace, ids)),
      routes: batched((events) => routes.find(workspace, events)),
      packages: batched((ids) => packages.find(workspace, ids)),
      partials: batched((ids) => partials.find(workspace, ids)),
      partialSources: batched((ids) => partials.findWithSources(workspace, ids)),
    };
    byContext.set(context, made);
    return made;
  };
}

// Without DataLoader's memory: a subscription keeps its context for hours and must see changes.
const batched = <Value>(
  load: (ids: readonly string[]) => Promise<Map<string, Value>>,
): DataLoader<string, Value | undefined> =>
  new DataLoader<string, Value | undefined>(
    async (ids) => {
      const found = await load(ids);
      return ids.map((id) => found.get(id));
    },
    { cache: false, maxBatchSize: 1_000 },
  );

/** The package of a member; null where it is in none. */
export async function packageOfMember(
  head: HeadRecord<unknown>,
  { packages }: Loaders,
): Promise<PackageHead | null> {
  const id = packageOf(head);
  return id === undefined ? null : ((await packages.load(id)) ?? null);
}
