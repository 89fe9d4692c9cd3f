/** What a page sees of its user's inbox. */

/** What went wrong, as told to a page: a refusal by Herald, or that it cannot be reached. */
export interface InboxError {
  /** `extensions.code` of the contract, for example BAD_USER_INPUT; CONNECTION where Herald cannot be reached. */
  readonly code: string;
  readonly message: string;
  /** The wrong input, where there is one. */
  readonly field?: string;
  /** With RATE_LIMITED: when to try again, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** One message. Never changed: a message that was read is another object. */
export interface InboxItem {
  /** Orders by time. */
  readonly id: string;
  readonly title: string | null;
  readonly body: string;
  readonly url: string | null;
  readonly imageUrl: string | null;
  readonly data: unknown;
  readonly category: string | null;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  readonly readAt: string | null;
  readonly archivedAt: string | null;
  /** What it belongs to. */
  readonly notification: { readonly id: string };
}

/**
 * `connecting`: until the first answer, and while a lost connection is made anew. `live`: what is shown is current.
 * `offline`: no connection, the next try comes by itself. `signed-out`: Herald refuses the token; `start()` tries
 * again. `closed`: after `close()`.
 */
export type InboxStatus = 'connecting' | 'live' | 'offline' | 'signed-out' | 'closed';

/** The inbox at one moment. The same object until something changes, so `useSyncExternalStore` takes it as it is. */
export interface InboxSnapshot {
  /** Newest first, without archived ones. Includes what was done here and is not confirmed yet. */
  readonly messages: readonly InboxItem[];
  readonly unreadCount: number;
  readonly status: InboxStatus;
  /** There are older messages: `loadMore()`. */
  readonly hasMore: boolean;
  /** How many actions wait for Herald's confirmation. */
  readonly pendingCount: number;
  /** The last thing that went wrong; gone with the next success. */
  readonly error?: InboxError;
}

/** A user token, or what gets one. The function is called again before a token expires and when Herald refuses it. */
export type TokenSource = string | (() => Promise<string>);

export interface InboxOptions {
  /** Where Herald is, for example `https://herald.example.com`. */
  readonly url: string;
  readonly token: TokenSource;
  /** How many messages `loadMore` and the start take at once: 1 to 100, usually 25. */
  readonly pageSize?: number;
  /** One socket for all tabs of the browser. Usually true. */
  readonly shareSocket?: boolean;
}

/**
 * A live inbox. Methods may be passed on without their object. An action shows at once and its promise settles when
 * Herald has confirmed it (which waits for a connection); a refused one is undone and rejects with a `HeraldInboxError`.
 */
export interface Inbox {
  /** Calls back after every change. Returns what ends it. */
  subscribe(this: void, listener: () => void): () => void;
  getSnapshot(this: void): InboxSnapshot;
  /** Connects. A second call does nothing while connected; after `signed-out` it tries again. */
  start(this: void): void;
  /** The next older messages; at once when there are none. */
  loadMore(this: void): Promise<void>;
  markRead(this: void, ids: readonly string[]): Promise<void>;
  markUnread(this: void, ids: readonly string[]): Promise<void>;
  archive(this: void, ids: readonly string[]): Promise<void>;
  markAllRead(this: void): Promise<void>;
  /** Ends the connection for good. Actions that wait stay in the browser's storage for the next inbox. */
  close(this: void): void;
}
