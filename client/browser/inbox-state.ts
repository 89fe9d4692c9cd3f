/**
 * What an inbox knows, and how each thing that happens changes it: pure, so that every tab that sees the same changes
 * in the same order shows the same. What Herald has said (`messages`, `unreadCount`) is kept apart from what was done
 * here and is not confirmed (`pending`); what is shown is the one with the other on top. So a refusal needs no undoing.
 */
import type { InboxError, InboxItem, InboxSnapshot } from './inbox-types.ts';

export type ActionKind = 'read' | 'unread' | 'archive' | 'readAll';

export interface PendingAction {
  /** Orders by time, and is unique over tabs. */
  readonly id: string;
  readonly kind: ActionKind;
  /** Of `readAll`: the newest message at that time, or nothing. */
  readonly ids: readonly string[];
  /** RFC 3339. */
  readonly at: string;
  /** Under way to Herald. */
  readonly sent?: true;
  /** Herald has told of its effect, and will still answer. */
  readonly applied?: true;
}

export interface InboxPage {
  readonly unreadCount: number;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: string | null };
  readonly nodes: readonly InboxItem[];
}
export interface InboxEvent {
  readonly type: 'RECEIVED' | 'UPDATED';
  readonly unreadCount: number;
  readonly message: InboxItem;
}

export type LiveStatus = Exclude<InboxSnapshot['status'], 'closed'>;

export interface InboxState {
  /** As Herald says. Newest first, without archived ones. */
  readonly messages: readonly InboxItem[];
  /** As Herald says. */
  readonly unreadCount: number;
  /** The first page has come. */
  readonly loaded: boolean;
  readonly hasMore: boolean;
  /** Where older messages go on. */
  readonly older: string | null;
  /** Events up to this message have been seen: the place to resume from. */
  readonly cursor: string | null;
  readonly pending: readonly PendingAction[];
  readonly status: LiveStatus;
  readonly error?: InboxError;
}

export type InboxChange =
  /** The newest messages as they are now. `except`: changed since they were asked for, so what is known is newer. */
  | { readonly type: 'newest'; readonly page: InboxPage; readonly except: readonly string[] }
  | { readonly type: 'older'; readonly page: InboxPage }
  | { readonly type: 'event'; readonly event: InboxEvent }
  | { readonly type: 'queued'; readonly action: PendingAction }
  | { readonly type: 'sent'; readonly id: string }
  | { readonly type: 'confirmed'; readonly id: string }
  | { readonly type: 'refused'; readonly id: string; readonly error: InboxError }
  | { readonly type: 'status'; readonly status: LiveStatus; readonly error?: InboxError }
  /** Herald no longer knows the place to resume from: everything is loaded anew. */
  | { readonly type: 'forgotten' };

export const EMPTY: InboxState = {
  messages: [],
  unreadCount: 0,
  loaded: false,
  hasMore: false,
  older: null,
  cursor: null,
  pending: [],
  status: 'connecting',
};

/** The state after a change; the same object where it changes nothing. */
export function reduce(state: InboxState, change: InboxChange): InboxState {
  switch (change.type) {
    case 'newest':
      return withNewest(state, change.page, change.except);
    case 'older':
      return {
        ...state,
        messages: merged(state.messages, change.page.nodes),
        hasMore: change.page.pageInfo.hasNextPage,
        older: change.page.pageInfo.endCursor ?? state.older,
      };
    case 'event':
      return withEvent(state, change.event);
    case 'queued':
      return state.pending.some(({ id }) => id === change.action.id)
        ? state
        : { ...state, pending: [...state.pending, change.action] };
    case 'sent':
      return withAction(state, change.id, (action) => ({ ...action, sent: true }));
    case 'confirmed': {
      const action = state.pending.find(({ id }) => id === change.id);
      if (!action) return state;
      const { error: _gone, ...settled } = without(state, change.id);
      return action.applied ? settled : applied(settled, action);
    }
    case 'refused':
      return { ...without(state, change.id), error: change.error };
    case 'status': {
      const { error, ...rest } = state;
      const next = change.status === 'live' ? undefined : (change.error ?? error);
      return state.status === change.status && error === next
        ? state
        : { ...rest, status: change.status, ...(next && { error: next }) };
    }
    case 'forgotten':
      return { ...state, messages: [], loaded: false, hasMore: false, older: null, cursor: null };
  }
}

function withNewest(state: InboxState, page: InboxPage, except: readonly string[]): InboxState {
  const { hasNextPage, endCursor } = page.pageInfo;
  const newer = new Set(except);
  const inPage = new Set(page.nodes.map(({ id }) => id));
  const end = hasNextPage ? (endCursor ?? '') : '';
  // Within the page's range, what it does not hold was archived elsewhere.
  const kept = state.messages.filter(({ id }) => newer.has(id) || (!inPage.has(id) && id < end));
  const messages = merged(
    kept,
    page.nodes.filter(({ id }) => !newer.has(id)),
  );
  const reachesFurther = state.loaded && state.older !== null && state.older < end;
  return {
    ...state,
    messages,
    loaded: true,
    unreadCount: except.length > 0 ? state.unreadCount : page.unreadCount,
    hasMore: reachesFurther ? state.hasMore : hasNextPage,
    older: reachesFurther ? state.older : (endCursor ?? null),
    cursor: state.cursor ?? page.nodes[0]?.id ?? null,
  };
}

function withEvent(state: InboxState, { type, message, unreadCount }: InboxEvent): InboxState {
  const known = state.messages.some(({ id }) => id === message.id);
  const next = { ...state, unreadCount };
  if (type === 'RECEIVED') {
    const cursor = state.cursor === null || state.cursor < message.id ? message.id : state.cursor;
    if (known || message.archivedAt !== null) return { ...next, cursor };
    return { ...next, cursor, messages: merged(state.messages, [message]) };
  }
  const loaded = known || !state.hasMore || (state.older !== null && message.id > state.older);
  const current: InboxState = !loaded
    ? next
    : message.archivedAt === null
      ? { ...next, messages: merged(state.messages, [message]) }
      : { ...next, messages: state.messages.filter(({ id }) => id !== message.id) };
  return withEffects(current, message);
}

/**
 * One event tells the count after the whole action that caused it. So when the first event of an action of ours comes,
 * the action counts as done for all its messages: else those whose events are still to come would be counted twice.
 */
function withEffects(state: InboxState, message: InboxItem): InboxState {
  return state.pending.reduce((current, action) => {
    if (!action.sent || action.applied || !covers(action, message.id) || !shows(action.kind, message))
      return current;
    const { messages } = applied(current, action);
    return { ...withAction(current, action.id, (one) => ({ ...one, applied: true })), messages };
  }, state);
}

const covers = ({ kind, ids }: PendingAction, id: string): boolean =>
  kind === 'readAll' ? ids[0] !== undefined && id <= ids[0] : ids.includes(id);

const shows = (kind: ActionKind, { readAt, archivedAt }: InboxItem): boolean =>
  kind === 'archive' ? archivedAt !== null : kind === 'unread' ? readAt === null : readAt !== null;

/** Messages and count as they are with an action. */
export function applied<S extends Pick<InboxState, 'messages' | 'unreadCount'>>(
  state: S,
  action: PendingAction,
): S {
  const { kind, at } = action;
  let count = state.unreadCount;
  let changed = false;
  const messages: InboxItem[] = [];
  for (const message of state.messages) {
    if (!covers(action, message.id) || shows(kind, message)) {
      messages.push(message);
      continue;
    }
    changed = true;
    if (kind === 'unread') count += 1;
    else if (message.readAt === null) count -= 1;
    if (kind !== 'archive') messages.push({ ...message, readAt: kind === 'unread' ? null : at });
  }
  // Of all that are unread, also those that were not loaded.
  if (kind === 'readAll')
    count = messages.filter(({ id, readAt }) => readAt === null && !covers(action, id)).length;
  if (!changed && count === state.unreadCount) return state;
  return { ...state, messages, unreadCount: Math.max(0, count) };
}

/** What a page is shown: what Herald has said, with what was done here on top. */
export function snapshotOf(state: InboxState, isClosed: boolean): InboxSnapshot {
  const { messages, unreadCount } = state.pending
    .filter((action) => !action.applied)
    .reduce<Pick<InboxState, 'messages' | 'unreadCount'>>(applied, state);
  return {
    messages,
    unreadCount,
    status: isClosed ? 'closed' : state.status,
    hasMore: state.hasMore,
    pendingCount: state.pending.length,
    ...(state.error && { error: state.error }),
  };
}

const without = (state: InboxState, id: string): InboxState => ({
  ...state,
  pending: state.pending.filter((action) => action.id !== id),
});

const withAction = (
  state: InboxState,
  id: string,
  change: (action: PendingAction) => PendingAction,
): InboxState => ({
  ...state,
  pending: state.pending.map((action) => (action.id === id ? change(action) : action)),
});

/** Both, newest first, each once: `fresh` in place of what is known. Most often it is one that is newer than all. */
function merged(known: readonly InboxItem[], fresh: readonly InboxItem[]): readonly InboxItem[] {
  const [only, second] = fresh;
  if (!only) return known;
  if (!second && (known[0] === undefined || only.id > known[0].id)) return [only, ...known];
  const byId = new Map([...known, ...fresh].map((message) => [message.id, message]));
  return [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
}
