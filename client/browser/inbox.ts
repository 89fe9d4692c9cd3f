import type { Inbox, InboxOptions } from './inbox-types.ts';

export type {
  Inbox,
  InboxError,
  InboxItem,
  InboxOptions,
  InboxSnapshot,
  InboxStatus,
  TokenSource,
} from './inbox-types.ts';

/** A live inbox of one user. Connects with `start()`. */
export function createInbox(options: InboxOptions): Inbox {
  throw new Error(`The inbox at ${options.url} is being written.`);
}
