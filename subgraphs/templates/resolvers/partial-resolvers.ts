/** Resolvers of partials: for apps and operators. */
import { requirePrincipal } from '../../../platform/auth/principal.ts';
import { notFound } from '../../../platform/errors/herald-error.ts';
import type { Resolvers } from '../generated/types.ts';
import type { PartialDrafts, PartialHead } from '../partials/partial-drafts.ts';
import type { PartialSummary } from '../store/records.ts';
import { type LoadersOf, packageOfMember } from './loaders.ts';
import { operatorOf } from './operator-of.ts';
import { pageOf, versionsPage } from './page.ts';

/** The draft where there is one, else what is published. */
function shown(head: PartialHead): PartialSummary {
  const body = head.draft ?? head.published;
  if (!body) throw notFound('partial', head.id);
  return body;
}

export function partialResolvers(
  drafts: PartialDrafts,
  loaders: LoadersOf,
): Pick<Resolvers, 'Partial' | 'PartialUsers'> & {
  Query: Resolvers['Query'];
  Mutation: Resolvers['Mutation'];
} {
  return {
    Query: {
      async partial(_, { id }, context) {
        requirePrincipal(context, 'app', 'operator');
        const head = await loaders(context).partials.load(id);
        if (!head) throw notFound('partial', id);
        return head;
      },
      async partials(_, args, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator');
        return pageOf(args, (after, limit) => drafts.page(workspace, after, limit));
      },
    },
    Mutation: {
      savePartial: (_, { input }, context) => drafts.save(operatorOf(context).workspace, input),
      publishPartial(_, { id, republish, note }, context) {
        const { workspace, publisher } = operatorOf(context, note);
        return drafts.publish(workspace, id, republish ?? true, publisher);
      },
      removePartial(_, { id }, context) {
        const { workspace, publisher } = operatorOf(context);
        return drafts.remove(workspace, id, publisher);
      },
    },
    Partial: {
      async __resolveReference({ id }, context) {
        requirePrincipal(context, 'app', 'operator');
        return (await loaders(context).partials.load(id)) ?? null;
      },
      name: (head) => shown(head).name,
      async source(head, _, context) {
        const full = await loaders(context).partialSources.load(head.id);
        return (full?.draft ?? full?.published)?.source ?? '';
      },
      publishedVersion: (head) => head.publishedVersion ?? null,
      draftVersion: (head) => (head.draft ? head.nextVersion : null),
      usedBy: (head) => drafts.usedBy(head.workspace, head.id),
      package: (head, _, context) => packageOfMember(head, loaders(context)),
      removing: (head) => head.removing ?? false,
      versions: (head, args) =>
        versionsPage(args, (before, limit) => drafts.history(head.workspace, head.id, before, limit)),
    },
    PartialUsers: {
      templates: async ({ templates }, _, context) =>
        found(await loaders(context).templates.loadMany([...templates])),
      partials: async ({ partials }, _, context) =>
        found(await loaders(context).partials.loadMany([...partials])),
    },
  };
}

/** Those that are still there. @throws what a load has failed with. */
const found = <Head>(heads: readonly (Head | Error | undefined)[]): Head[] =>
  heads.flatMap((head) => {
    if (head instanceof Error) throw head;
    return head === undefined ? [] : [head];
  });
