import type { Inbox, InboxSnapshot } from '../browser/inbox.ts';

/** Before the first answer; also all that a server knows. */
export const CONNECTING: InboxSnapshot = {
  messages: [],
  unreadCount: 0,
  status: 'connecting',
  hasMore: false,
  pendingCount: 0,
};

const notYet = () => Promise.reject(new Error('The inbox is not connected yet.'));

/** Stands where the inbox will be: on a server, and in a browser until the page has been mounted. */
export const CONNECTING_INBOX: Inbox = {
  subscribe: () => () => undefined,
  getSnapshot: () => CONNECTING,
  start: () => undefined,
  loadMore: notYet,
  markRead: notYet,
  markUnread: notYet,
  archive: notYet,
  markAllRead: notYet,
  close: () => undefined,
};
