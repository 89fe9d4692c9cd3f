/** Resolvers of routes: for apps and operators. */
import { type RequestContext, requirePrincipal } from '../../../platform/auth/principal.ts';
import { notFound } from '../../../platform/errors/herald-error.ts';
import type { Directory, RouteAction, RouteBody } from '../contract.ts';
import type { FallbackStep, Resolvers, RouteClass } from '../generated/types.ts';
import type { RouteDrafts, RouteHead } from '../service/route-drafts.ts';
import { unknownRecipients } from '../service/unknown-recipients.ts';
import { unofferedChannels } from '../service/unoffered-channels.ts';
import { templatesOfRoute } from '../store/templates-of-route.ts';
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
  directory: Directory,
  loaders: LoadersOf,
): Pick<Resolvers, 'Route' | 'RouteAction'> & { Query: Resolvers['Query']; Mutation: Resolvers['Mutation'] } {
  const templateOf = async ({ template }: RouteAction, context: RequestContext) => {
    const found = await loaders(context).templates.load(template);
    if (!found) throw notFound('template', template);
    return found;
  };
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
      class: (head) => classOf(shown(head)),
      when: (head) => shown(head).when ?? null,
      actions: (head) => [...shown(head).actions],
      async template(head, _, context) {
        const [first] = shown(head).actions;
        return first ? templateOf(first, context) : null;
      },
      channels: (head) => [...(shown(head).actions[0]?.channels ?? [])],
      fallback: (head) => steps(shown(head).actions[0]),
      priority: (head) => shown(head).priority,
      category: (head) => shown(head).category ?? null,
      delaySeconds: (head) => shown(head).delaySeconds,
      cancelOn: (head) => [...shown(head).cancelOn],
      key: (head) => shown(head).key ?? null,
      once: (head) => shown(head).once ?? null,
      throttle: (head) => shown(head).throttle ?? null,
      digest: (head) => shown(head).digest ?? null,
      quietHours: (head) => shown(head).quietHours,
      expiresAfterSeconds: (head) => shown(head).expiresAfterSeconds ?? null,
      followUps: (head) => [...shown(head).followUps],
      // Those whom the caller names need not be said of a single message.
      recipients: (head) => (shown(head).actions[0]?.recipients ?? []).filter(({ caller }) => !caller),
      async findings(head, _, context) {
        const body = shown(head);
        const ids = templatesOfRoute(body);
        const { templates } = loaders(context);
        const [unknown, ...heads] = await Promise.all([
          unknownRecipients(directory, head.workspace, [{ event: head.id, body }]),
          ...ids.map((id) => templates.load(id)),
        ]);
        const offered = new Map(
          heads.map((one, index) => [ids[index], (one?.draft ?? one?.published)?.channels]),
        );
        const warning =
          (rule: string) =>
          ({ field, message }: { field: string; message: string }) => ({
            severity: 'WARNING' as const,
            field,
            message,
            rule,
          });
        return [
          ...unofferedChannels(body, (id) => offered.get(id)).map(warning('channel-not-offered')),
          ...unknown.map(warning('unknown-recipient')),
        ];
      },
      publishedVersion: (head) => head.publishedVersion ?? null,
      draftVersion: (head) => (head.draft ? head.nextVersion : null),
      package: (head, _, context) => packageOfMember(head, loaders(context)),
      removing: (head) => head.removing ?? false,
      versions: (head, args) =>
        versionsPage(args, (before, limit) => drafts.history(head.workspace, head.id, before, limit)),
    },
    RouteAction: {
      template: (action, _, context) => templateOf(action, context),
      channels: ({ channels }) => [...channels],
      recipients: ({ recipients }) => [...recipients],
      fallback: steps,
    },
  };
}

const steps = (action: RouteAction | undefined): FallbackStep[] | null =>
  action?.fallback?.map((step) => ({ ...step, channels: [...step.channels] })) ?? null;

function classOf({ digest, once, delaySeconds }: RouteBody): RouteClass {
  if (digest) return 'DIGEST';
  if (once) return 'ONCE';
  return delaySeconds > 0 ? 'DELAYED' : 'TRANSACTIONAL';
}
