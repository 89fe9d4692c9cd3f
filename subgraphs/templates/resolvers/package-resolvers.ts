/** Resolvers of packages: for apps and operators. */
import { requirePrincipal } from '../../../platform/auth/principal.ts';
import { notFound } from '../../../platform/errors/herald-error.ts';
import type { PackageMember, Resolvers } from '../generated/types.ts';
import type { PackageDrafts, PackageHead } from '../packages/package-drafts.ts';
import type { ImportResult, PackageFiles } from '../packages/package-files.ts';
import type { PackageMembers, PackageSummary } from '../store/records.ts';
import type { LoadersOf } from './loaders.ts';
import { operatorOf } from './operator-of.ts';
import { pageOf, versionsPage } from './page.ts';

/** The draft where there is one, else what is published. */
function shown(head: PackageHead): PackageSummary {
  const body = head.draft ?? head.published;
  if (!body) throw notFound('package', head.id);
  return body;
}

export function packageResolvers(
  drafts: PackageDrafts,
  files: PackageFiles,
  loaders: LoadersOf,
): Pick<Resolvers, 'Package' | 'PackageVersion'> & {
  Query: Resolvers['Query'];
  Mutation: Resolvers['Mutation'];
} {
  return {
    Query: {
      async package(_, { id }, context) {
        requirePrincipal(context, 'app', 'operator');
        const head = await loaders(context).packages.load(id);
        if (!head) throw notFound('package', id);
        return head;
      },
      async packages(_, { search, ...args }, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator');
        return pageOf(args, (after, limit) => drafts.page(workspace, after, limit, search ?? undefined));
      },
      async packageProblems(_, { id }, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator');
        return [...(await drafts.problems(workspace, id))];
      },
      packageDiff(_, { id, from, to }, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator');
        return files.diff(workspace, id, from ?? undefined, to ?? undefined);
      },
      exportPackage(_, { id, version }, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator');
        return files.export(workspace, id, version ?? undefined);
      },
    },
    Mutation: {
      savePackage: (_, { input }, context) => drafts.save(operatorOf(context).workspace, input),
      publishPackage(_, { id, note }, context) {
        const { workspace, publisher } = operatorOf(context, note);
        return drafts.publish(workspace, id, publisher);
      },
      rollbackPackage(_, { id, version, note }, context) {
        const { workspace, publisher } = operatorOf(context, note);
        return drafts.rollBack(workspace, id, version, publisher);
      },
      async importPackage(_, { input, dryRun }, context) {
        const { workspace, publisher } = operatorOf(context);
        const done = await files.import(workspace, input.id, input.files, dryRun ?? false, publisher);
        return { ...shownImport(done), package: (await loaders(context).packages.load(input.id)) ?? null };
      },
      async copyPackage(_, { id, toWorkspace, version }, context) {
        const { root } = requirePrincipal(context, 'operator');
        const { workspace, publisher } = operatorOf(context);
        return shownImport(
          await files.copy(workspace, id, toWorkspace, version ?? undefined, root, publisher),
        );
      },
    },
    Package: {
      async __resolveReference({ id }, context) {
        requirePrincipal(context, 'app', 'operator');
        return (await loaders(context).packages.load(id)) ?? null;
      },
      name: (head) => shown(head).name,
      description: (head) => shown(head).description ?? null,
      settings: (head) => JSON.parse(shown(head).settings),
      publishedVersion: (head) => head.publishedVersion ?? null,
      draftVersion: (head) => (head.draft ? head.nextVersion : null),
      templates: ({ workspace, id }, args) =>
        pageOf(args, (after, limit) => drafts.templates(workspace, id, after, limit)),
      routes: ({ workspace, id }, args) =>
        pageOf(args, (after, limit) => drafts.routes(workspace, id, after, limit)),
      partials: ({ workspace, id }, args) =>
        pageOf(args, (after, limit) => drafts.partials(workspace, id, after, limit)),
      versions: ({ workspace, id }, args) =>
        versionsPage(args, (before, limit) => drafts.history(workspace, id, before, limit)),
    },
    PackageVersion: {
      async settings({ workspace, id, version }) {
        return JSON.parse((await drafts.version(workspace, id, version)).settings);
      },
      async members({ workspace, id, version }) {
        return membersOf((await drafts.version(workspace, id, version)).members);
      },
    },
  };
}

const shownImport = ({ changes, problems }: ImportResult) => ({
  changes: [...changes],
  problems: [...problems],
});

function membersOf(members: PackageMembers | undefined): PackageMember[] {
  if (!members) return [];
  return [
    ...members.templates.map((member) => ({ kind: 'TEMPLATE' as const, ...member })),
    ...members.routes.map((member) => ({ kind: 'ROUTE' as const, ...member })),
    ...members.partials.map((member) => ({ kind: 'PARTIAL' as const, ...member })),
  ];
}
