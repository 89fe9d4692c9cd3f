/** The live fields. */
import { type RequestContext, requirePrincipal } from '../../../platform/auth/principal.ts';
import { notFound } from '../../../platform/errors/herald-error.ts';
import type { DeliveryState } from '../../../platform/graphql/contract-enums.ts';
import { alertById } from '../alerts/read-alerts.ts';
import type { SubscriptionResolvers } from '../generated/types.ts';
import type { InboxEventRecord } from '../inbox/inbox-events.ts';
import { watchAlerts } from '../live/watch-alerts.ts';
import { type EnteredState, watchDeliveries, watchNotification } from '../live/watch-deliveries.ts';
import { watchInbox } from '../live/watch-inbox.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { ResolverDeps } from './deps.ts';
import type { Lookup } from './lookup.ts';

export function subscriptionResolvers(deps: ResolverDeps, find: Lookup): SubscriptionResolvers {
  return {
    inboxEvents: {
      subscribe: (_, { after }, context) => {
        const owner = requirePrincipal(context, 'user');
        const seq = after == null ? undefined : deps.inbox.seqOf(owner, after, 'after');
        return watchInbox(deps.inboxHub, deps.inbox, owner, seq, () =>
          deps.presence.enter(owner.workspace, owner.user),
        );
      },
      resolve: (event: InboxEventRecord) => event,
    },
    notificationUpdated: {
      subscribe: async (_, { id }, context) => {
        const principal = requirePrincipal(context, 'app', 'operator');
        await find.notification(principal, id, context);
        return watchNotification(deps.feedHub, id, async () => {
          const [current] = await deps.read.notifications([id]);
          if (!current) throw notFound('notification', id);
          return current.state;
        });
      },
      // Every event is executed with a context of its own, so that nothing is read from an older event's loader.
      resolve: (id: string, _args: unknown, context: RequestContext) => find.loaded(id, context),
    },
    alertRaised: {
      subscribe: (_, _args, context) =>
        watchAlerts(deps.feedHub, requirePrincipal(context, 'operator').workspace),
      resolve: async (id: string, _args: unknown, context: RequestContext) => {
        const alert = await alertById(deps.models, requirePrincipal(context, 'operator').workspace, id);
        if (!alert) throw notFound('alert', id);
        return alert;
      },
    },
    deliveryUpdated: {
      subscribe: (_, { app, channels, states }, context) => {
        const { workspace } = requirePrincipal(context, 'operator');
        return watchDeliveries(deps.feedHub, workspace, {
          ...(app != null && { app }),
          ...(channels && { channels }),
          ...(states && { states }),
        });
      },
      resolve: async ({ delivery, state }: EnteredState, _args: unknown, context: RequestContext) =>
        asItEntered(await find.delivery(delivery, context), state),
    },
  };
}

/** As it was when it entered the state: of one that was queued, nothing of how it went on. */
function asItEntered(record: DeliveryRecord, state: DeliveryState): DeliveryRecord {
  if (state !== 'QUEUED' || record.state === state) return { ...record, state };
  const { provider: _provider, sentAt: _sent, deliveredAt: _delivered, failedAt: _failed, ...rest } = record;
  return { ...rest, state };
}
