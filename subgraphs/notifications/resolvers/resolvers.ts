/** Thin resolvers: who may, then the service. */
import { requirePrincipal } from '../../../platform/auth/principal.ts';
import { DateTimeScalar, JsonScalar } from '../../../platform/graphql/scalars.ts';
import type { Resolvers } from '../generated/types.ts';
import { messageId } from '../inbox/inbox-service.ts';
import { deadLetterResolvers } from './dead-letter-resolvers.ts';
import { loadersOf, type ResolverDeps } from './deps.ts';
import { explainResolvers } from './explain-resolvers.ts';
import { inboxResolvers } from './inbox-resolvers.ts';
import { lookup } from './lookup.ts';
import { notificationTypeResolvers } from './notification-type-resolvers.ts';
import { otpResolvers } from './otp-resolvers.ts';
import { presenceResolvers } from './presence-resolvers.ts';
import { providerAccountResolvers } from './provider-account-resolvers.ts';
import { sandboxResolver } from './sandbox-resolver.ts';
import { sendResolvers } from './send-resolvers.ts';
import { subscriptionResolvers } from './subscription-resolvers.ts';

export function notificationResolvers(deps: ResolverDeps): Resolvers {
  const loaders = loadersOf(deps.read);
  const find = lookup(loaders);
  const inbox = inboxResolvers(deps);
  const types = notificationTypeResolvers(deps, loaders);
  const deadLetters = deadLetterResolvers(deps, find);
  const providerAccounts = providerAccountResolvers(deps);
  return {
    DateTime: DateTimeScalar,
    JSON: JsonScalar,
    Query: {
      notification: (_, { id }, context) =>
        find.notification(requirePrincipal(context, 'app', 'operator'), id, context),
      notifications: types.list,
      inbox: inbox.page,
      sandboxMessages: sandboxResolver(deps, loaders),
      ...deadLetters.queries,
      ...explainResolvers(deps),
      ...providerAccounts.queries,
    },
    Mutation: {
      ...sendResolvers(deps, find),
      ...otpResolvers(deps),
      ...inbox.mutations,
      ...deadLetters.mutations,
      ...providerAccounts.mutations,
    },
    Subscription: subscriptionResolvers(deps, find),
    Notification: types.Notification,
    Delivery: types.Delivery,
    DeliveryConnection: types.DeliveryConnection,
    NotificationConnection: types.NotificationConnection,
    InboxConnection: inbox.InboxConnection,
    ...deadLetters.types,
    ProviderAccount: providerAccounts.ProviderAccount,
    InboxMessage: {
      id: messageId,
      user: ({ user }) => ({ id: user }),
      notification: ({ notification }, _, context) => find.loaded(notification, context),
    },
    User: presenceResolvers(deps),
    SandboxMessage: {
      notification: async ({ notification }, _, context) =>
        (await loaders(context).notifications.load(notification)) ?? null,
    },
    TimelineEntry: {
      user: ({ user }) => (user === undefined ? null : { id: user }),
    },
  };
}
