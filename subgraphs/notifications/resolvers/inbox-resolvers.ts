/** The signed-in user's inbox. */
import { requirePrincipal } from '../../../platform/auth/principal.ts';
import { connectionOf, pageSize } from '../../../platform/graphql/connections.ts';
import type { InboxConnectionResolvers, MutationResolvers, QueryResolvers } from '../generated/types.ts';
import { type InboxMark, messageId } from '../inbox/inbox-service.ts';
import type { ResolverDeps } from './deps.ts';

interface InboxResolvers {
  readonly page: NonNullable<QueryResolvers['inbox']>;
  readonly mutations: Pick<MutationResolvers, 'markRead' | 'markUnread' | 'archive' | 'markAllRead'>;
  readonly InboxConnection: InboxConnectionResolvers;
}

export function inboxResolvers(deps: ResolverDeps): InboxResolvers {
  const marking =
    (mark: InboxMark): NonNullable<MutationResolvers['markRead']> =>
    (_, { ids }, context) =>
      deps.inbox.mark(requirePrincipal(context, 'user'), ids, mark);
  return {
    async page(_, { unreadOnly, first, after }, context) {
      const owner = requirePrincipal(context, 'user');
      const size = pageSize(first);
      const found = await deps.inbox.page(owner, {
        unreadOnly: unreadOnly ?? false,
        first: size,
        ...(after != null && { after }),
      });
      return connectionOf(found, size, messageId, after != null);
    },
    mutations: {
      markRead: marking('read'),
      markUnread: marking('unread'),
      archive: marking('archive'),
      markAllRead: (_, _args, context) => deps.inbox.markAllRead(requirePrincipal(context, 'user')),
    },
    InboxConnection: {
      unreadCount: async (_, _args, context) =>
        (await deps.inbox.counter(requirePrincipal(context, 'user'))).unread,
    },
  };
}
