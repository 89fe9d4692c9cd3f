/** Resolvers of routes: for apps and operators. */
import { requirePrincipal } from '../../../platform/auth/principal.ts';
import { notFound } from '../../../platform/errors/herald-error.ts';
import type { Resolvers } from '../generated/types.ts';
import type { RouteDrafts, RouteHead } from '../service/route-drafts.ts';
import type { RouteBody } from '../store/records.ts';
import { type LoadersOf, packageOfMember } from './loaders.ts';
import { operatorOf } from './operator-of.ts';
import { pageOf, versionsPage } from './page.ts';

/** The draft where there is one, else what is published. */
function shown(head: RouteHead): RouteBody {
  const body = head.draft ?? head.published;
  if (!body) throw notFound('route for the event', head.id);
  return body;
}

export function routeResolvers(
  drafts: RouteDrafts,
  loaders: LoadersOf,
): Pick<Resolvers, 'Route'> & { Query: Resolvers['Query']; Mutation: Resolvers['Mutation'] } {
  return {
    Query: {
      async route(_, { event }, context) {
        requirePrincipal(context, 'app', 'operator');
        const head = await loaders(context).routes.load(event);
        if (!head) throw notFound('route for the event', event);
        return head;
      },
      async routes(_, args, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator');
        return pageOf(args, (after, limit) => drafts.page(workspace, after, limit));
      },
    },
    Mutation: {
      saveRoute: (_, { input }, context) =>
        drafts.save(requirePrincipal(context, 'operator').workspace, input),
      publishRoute(_, { event, note }, context) {
        const { workspace, publisher } = operatorOf(context, note);
        return drafts.publish(workspace, event, publisher);
      },
      rollbackRoute(_, { event, version, note }, context) {
        const { workspace, publisher } = operatorOf(context, note);
        return drafts.rollBack(workspace, event, version, publisher);
      },
      removeRoute(_, { event }, context) {
        const { workspace, publisher } = operatorOf(context);
        return drafts.remove(workspace, event, publisher);
      },
    },
    Route: {
      async __resolveReference({ event }, context) {
        requirePrincipal(context, 'app', 'operator');
        return (await loaders(context).routes.load(event)) ?? null;
      },
      event: (head) => head.id,
      async template(head, _, context) {
        const { template } = shown(head);
        const found = await loaders(context).templates.load(template);
        if (!found) throw notFound('template', template);
        return found;
      },
      channels: (head) => [...shown(head).channels],
      fallback: (head) =>
        shown(head).fallback?.map((step) => ({ ...step, channels: [...step.channels] })) ?? null,
      priority: (head) => shown(head).priority,
      category: (head) => shown(head).category ?? null,
      delaySeconds: (head) => shown(head).delaySeconds,
      recipients: (head) => [...shown(head).recipients],
      publishedVersion: (head) => head.publishedVersion ?? null,
      draftVersion: (head) => (head.draft ? head.nextVersion : null),
      package: (head, _, context) => packageOfMember(head, loaders(context)),
      removing: (head) => head.removing ?? false,
      versions: (head, args) =>
        versionsPage(args, (before, limit) => drafts.history(head.workspace, head.id, before, limit)),
    },
  };
}
