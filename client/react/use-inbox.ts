import { useMemo, useSyncExternalStore } from 'react';
import type { InboxSnapshot, Inbox as InboxStore } from '../browser/inbox.ts';
import { CONNECTING } from './connecting-inbox.ts';
import { type Herald, useHerald } from './herald-context.ts';

/** What is shown, and what can be done. An action's promise rejects with a `HeraldInboxError` when it is refused. */
export type InboxView = InboxSnapshot & Omit<InboxStore, 'subscribe' | 'getSnapshot' | 'close'>;

/** The inbox as it is now; renders again with every change of it. @throws Error outside of a provider. */
export function useInbox(): InboxView {
  const herald = useHerald();
  const snapshot = useSyncExternalStore(
    herald.inbox.subscribe,
    () => current(herald),
    () => herald.initial ?? CONNECTING,
  );
  const { start, loadMore, markRead, markUnread, archive, markAllRead } = herald.inbox;
  return useMemo(
    () => ({ ...snapshot, start, loadMore, markRead, markUnread, archive, markAllRead }),
    [snapshot, start, loadMore, markRead, markUnread, archive, markAllRead],
  );
}

/** How many messages are unread; renders again only when that changes. @throws Error outside of a provider. */
export function useUnreadCount(): number {
  const herald = useHerald();
  return useSyncExternalStore(
    herald.inbox.subscribe,
    () => current(herald).unreadCount,
    () => (herald.initial ?? CONNECTING).unreadCount,
  );
}

/** What the server had read stays until the inbox knows more. */
function current({ inbox, initial }: Herald): InboxSnapshot {
  const snapshot = inbox.getSnapshot();
  const knowsNothing = snapshot.status === 'connecting' && snapshot.messages.length === 0;
  return initial && knowsNothing ? initial : snapshot;
}
