/** Notification, Delivery and their connections. */

import type { RequestContext } from '../../../platform/auth/principal.ts';
import { requirePrincipal } from '../../../platform/auth/principal.ts';
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { badInput } from '../../../platform/errors/herald-error.ts';
import { connectionOf, decodeCursor, encodeCursor, pageSize } from '../../../platform/graphql/connections.ts';
import { withoutNulls } from '../../../platform/graphql/without-nulls.ts';
import { isHeldBack } from '../chains/chain-rules.ts';
import type {
  DeliveryConnectionResolvers,
  DeliveryResolvers,
  NotificationConnectionResolvers,
  NotificationResolvers,
  QueryResolvers,
} from '../generated/types.ts';
import { checkFilter } from '../read/check-filter.ts';
import type { ListFilter } from '../read/read-service.ts';
import { maySee, maySeeDelivery, receiversView } from '../read/visibility.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import { timelineOf } from '../timeline/timeline.ts';
import type { loadersOf, ResolverDeps } from './deps.ts';
import { lookup } from './lookup.ts';

const TIMELINE_DELIVERIES = 1_000;

interface TypeResolvers {
  readonly list: NonNullable<QueryResolvers['notifications']>;
  readonly Notification: NotificationResolvers;
  readonly Delivery: DeliveryResolvers;
  readonly DeliveryConnection: DeliveryConnectionResolvers;
  readonly NotificationConnection: NotificationConnectionResolvers;
}

export function notificationTypeResolvers(
  deps: ResolverDeps,
  loaders: ReturnType<typeof loadersOf>,
): TypeResolvers {
  const find = lookup(loaders);
  return {
    async list(_, { filter, first, after }, context) {
      const principal = requirePrincipal(context, 'app', 'operator');
      const size = pageSize(first);
      const given = withoutNulls<ListFilter>(filter ?? {});
      checkFilter(given, 'state', 'priority', 'channel');
      if (principal.kind === 'app' && given.app !== undefined && given.app !== principal.app)
        throw badInput('filter.app', 'An app sees its own notifications only.');
      const own: ListFilter = principal.kind === 'app' ? { ...given, app: principal.app } : given;
      const position = after == null ? undefined : decodeCursor(after, 'ntf_');
      const found = await deps.read.list(principal.workspace, own, size, position);
      return {
        ...connectionOf(found, size, (record) => encodeCursor(record._id), position !== undefined),
        count: () => deps.read.count(principal.workspace, own),
      };
    },

    NotificationConnection: { totalCount: (connection) => connection.count() },
    DeliveryConnection: { totalCount: (connection) => connection.count() },

    Notification: {
      __resolveReference: async ({ id }, context) => {
        const record = await loaders(context).notifications.load(id);
        return record && context.principal && maySee(context.principal, record) ? record : null;
      },
      id: ({ _id }) => _id,
      app: ({ app }) => ({ id: app }),
      template: ({ template }) => (template === undefined ? null : { id: template }),
      // The caller's variables are the calling system's business, not the receiver's.
      data: ({ data }, _, context) => (context.principal?.kind === 'user' ? null : (data ?? null)),
      test: ({ isTest }) => isTest === true,
      passedOver: ({ passedOver }, _, context) =>
        context.principal?.kind === 'user' ? [] : [...(passedOver ?? [])],
      async deliveries(record, { first, after }, context) {
        const size = pageSize(first);
        const user = onlyFor(context);
        const position = after == null ? undefined : decodeCursor(after, 'dlv_');
        const found = await deps.read.deliveriesOf(record._id, {
          size,
          ...(user !== undefined && { user }),
          ...(position !== undefined && { after: position }),
        });
        return {
          ...connectionOf(found, size, (delivery) => encodeCursor(delivery._id), position !== undefined),
          count: () => deps.read.countDeliveriesOf(record._id, user),
        };
      },
      async timeline(record, _, context) {
        const user = onlyFor(context);
        const found = await deps.read.deliveriesOf(record._id, {
          size: TIMELINE_DELIVERIES,
          ...(user !== undefined && { user }),
        });
        const shown = found.slice(0, TIMELINE_DELIVERIES);
        const digests = await deps.read.digestsOf(shown);
        return user === undefined
          ? timelineOf(record, shown, Math.max(record.deliveryCount ?? 0, found.length), digests)
          : timelineOf(receiversView(record, shown.length), shown, shown.length, digests);
      },
    },

    Delivery: {
      __resolveReference: async ({ id }, context) => {
        const record = await loaders(context).deliveries.load(id);
        if (!record || !context.principal || !maySeeDelivery(context.principal, record)) return null;
        return maySee(context.principal, record) || context.principal.kind === 'user' ? record : null;
      },
      id: ({ _id }) => _id,
      user: ({ user }) => (user === undefined ? null : { id: user }),
      step: ({ chain }) => chain?.step ?? null,
      waitsUntil: (delivery) => (isWaiting(delivery) ? delivery.nextAttemptAt : null),
      notification: ({ notification }, _, context) => find.loaded(notification, context),
    },
  };
}

/** For its turn in a chain, or for the end of quiet hours. */
const isWaiting = (delivery: DeliveryRecord): boolean =>
  isHeldBack(delivery) ||
  (delivery.state === 'QUEUED' && delivery.held !== undefined && delivery.held.until > sharedDate());

/** A user who came by the inbox sees what concerns him alone. */
const onlyFor = (context: RequestContext): string | undefined =>
  context.principal?.kind === 'user' ? context.principal.user : undefined;
