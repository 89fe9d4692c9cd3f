import { describe, expect, test } from 'vitest';
import {
  type ActionKind,
  EMPTY,
  type InboxChange,
  type InboxState,
  type PendingAction,
  reduce,
  snapshotOf,
} from './inbox-state.ts';
import type { InboxItem } from './inbox-types.ts';

const AT = '2026-11-21T12:00:00.000Z';
const item = (id: string, change: Partial<InboxItem> = {}): InboxItem => ({
  id,
  title: null,
  body: `body of ${id}`,
  url: null,
  imageUrl: null,
  data: null,
  category: null,
  createdAt: AT,
  readAt: null,
  archivedAt: null,
  notification: { id: `ntf-${id}` },
  ...change,
});
const page = (unreadCount: number, ids: readonly string[], hasNextPage = false) => ({
  unreadCount,
  pageInfo: { hasNextPage, endCursor: ids.at(-1) ?? null },
  nodes: ids.map((id) => item(id)),
});
const newest = (...args: Parameters<typeof page>): InboxChange => ({
  type: 'newest',
  page: page(...args),
  except: [],
});
const received = (id: string, unreadCount: number): InboxChange => ({
  type: 'event',
  event: { type: 'RECEIVED', unreadCount, message: item(id) },
});
const updated = (message: InboxItem, unreadCount: number): InboxChange => ({
  type: 'event',
  event: { type: 'UPDATED', unreadCount, message },
});
const queued = (kind: ActionKind, ...ids: string[]): InboxChange & { action: PendingAction } => ({
  type: 'queued',
  action: { id: `${kind}-1`, kind, ids, at: AT },
});
const stateAfter = (...changes: readonly InboxChange[]): InboxState => changes.reduce(reduce, EMPTY);
const ids = ({ messages }: Pick<InboxState, 'messages'>) => messages.map(({ id }) => id);
const shown = (state: InboxState) => {
  const { messages, unreadCount } = snapshotOf(state, false);
  return { unread: messages.filter(({ readAt }) => readAt === null).map(({ id }) => id), unreadCount };
};

describe('what Herald says', () => {
  test('the first page, then events: newest first, the cursor at the newest', () => {
    const state = stateAfter(newest(2, ['m2', 'm1'], true), received('m3', 3));
    expect(ids(state)).toEqual(['m3', 'm2', 'm1']);
    expect(state).toMatchObject({ unreadCount: 3, cursor: 'm3', older: 'm1', hasMore: true });
  });

  test('a message that comes a second time is not there twice, and stays as it is known', () => {
    const state = stateAfter(
      newest(1, ['m1']),
      updated(item('m1', { readAt: AT }), 0),
      received('m1', 0),
      received('m2', 1),
      received('m2', 1),
    );
    expect(ids(state)).toEqual(['m2', 'm1']);
    expect(state.messages[1]?.readAt).toBe(AT);
  });

  test('one that overtook another takes its place below', () => {
    expect(ids(stateAfter(newest(0, []), received('m2', 2), received('m1', 2)))).toEqual(['m2', 'm1']);
  });

  test('an archived one goes, and does not come by a replay', () => {
    const gone = item('m1', { archivedAt: AT });
    expect(ids(stateAfter(newest(2, ['m2', 'm1']), updated(gone, 1)))).toEqual(['m2']);
    const replayed = stateAfter(newest(0, []), {
      type: 'event',
      event: { type: 'RECEIVED', unreadCount: 0, message: gone },
    });
    expect(ids(replayed)).toEqual([]);
    expect(replayed.cursor).toBe('m1');
  });

  test('one that is older than what is loaded changes only the count', () => {
    const state = stateAfter(newest(9, ['m9', 'm8'], true), updated(item('m1', { readAt: AT }), 8));
    expect(ids(state)).toEqual(['m9', 'm8']);
    expect(state.unreadCount).toBe(8);
  });

  test('older pages are added below, until there are no more', () => {
    const state = stateAfter(newest(4, ['m4', 'm3'], true), { type: 'older', page: page(4, ['m2', 'm1']) });
    expect(ids(state)).toEqual(['m4', 'm3', 'm2', 'm1']);
    expect(state).toMatchObject({ hasMore: false, older: 'm1' });
  });

  describe('the newest page, looked at again', () => {
    const loaded = stateAfter(newest(4, ['m4', 'm3'], true), { type: 'older', page: page(4, ['m2', 'm1']) });

    test('what it no longer holds was archived elsewhere; what lies below it stays', () => {
      const state = reduce(loaded, newest(2, ['m4', 'm2'], true));
      expect(ids(state)).toEqual(['m4', 'm2', 'm1']);
      expect(state).toMatchObject({ unreadCount: 2, hasMore: false, older: 'm1' });
    });

    test('what events told since it was asked for is newer than it', () => {
      const live = [received('m5', 5), updated(item('m3', { readAt: AT }), 4)].reduce(reduce, loaded);
      const state = reduce(live, { type: 'newest', page: page(4, ['m4', 'm3'], true), except: ['m5', 'm3'] });
      expect(ids(state)).toEqual(['m5', 'm4', 'm3', 'm2', 'm1']);
      expect(state.messages[2]?.readAt).toBe(AT);
      expect(state.unreadCount).toBe(4);
    });

    test('of an inbox that was empty, it gives the place to resume from', () => {
      expect(stateAfter(newest(0, []), newest(1, ['m1'])).cursor).toBe('m1');
      expect(stateAfter(newest(1, ['m1']), newest(2, ['m2', 'm1'])).cursor).toBe('m1');
    });
  });

  test('a place that Herald has forgotten: all is loaded anew, and what waits stays', () => {
    const state = stateAfter(newest(1, ['m1']), queued('read', 'm1'), { type: 'forgotten' });
    expect(state).toMatchObject({ messages: [], loaded: false, cursor: null, pending: [{ id: 'read-1' }] });
  });
});

describe('what is done here', () => {
  const base = newest(2, ['m3', 'm2', 'm1']);
  const read1 = updated(item('m1', { readAt: AT }), 2);

  test.each<[ActionKind, string[], string[], number]>([
    ['read', ['m3'], ['m2'], 1],
    ['read', ['m1'], ['m3', 'm2'], 2],
    ['read', ['m3', 'm2', 'unknown'], [], 0],
    ['unread', ['m1'], ['m3', 'm2', 'm1'], 3],
    ['archive', ['m3'], ['m2'], 1],
    ['archive', ['m1'], ['m3', 'm2'], 2],
    ['readAll', ['m3'], [], 0],
    ['readAll', ['m2'], ['m3'], 1],
  ])('%s %j shows at once', (kind, on, unread, unreadCount) => {
    expect(shown(stateAfter(base, read1, queued(kind, ...on)))).toEqual({ unread, unreadCount });
  });

  test('a refusal takes it back and says why', () => {
    const error = { code: 'BAD_USER_INPUT', message: 'No.' };
    const state = stateAfter(base, queued('archive', 'm3'), { type: 'refused', id: 'archive-1', error });
    expect(snapshotOf(state, false)).toMatchObject({ unreadCount: 2, pendingCount: 0, error });
    expect(ids(snapshotOf(state, false))).toEqual(['m3', 'm2', 'm1']);
  });

  test.each(['event first', 'answer first'])('confirmed, %s: the count is right at each step', (order) => {
    const act = queued('read', 'm3', 'm2');
    const told = [updated(item('m3', { readAt: AT }), 0), updated(item('m2', { readAt: AT }), 0)];
    const answer: InboxChange = { type: 'confirmed', id: act.action.id };
    const steps = order === 'event first' ? [...told, answer] : [answer, ...told];
    let state = stateAfter(base, read1, act, { type: 'sent', id: act.action.id });
    for (const step of steps) {
      state = reduce(state, step);
      expect(shown(state)).toEqual({ unread: [], unreadCount: 0 });
    }
    expect(state.pending).toEqual([]);
  });

  test('a message that arrives while it waits counts', () => {
    const state = stateAfter(base, read1, queued('read', 'm3'), received('m4', 3));
    expect(shown(state)).toEqual({ unread: ['m4', 'm2'], unreadCount: 2 });
  });

  test('somebody else does the same before it is sent: it is not counted twice', () => {
    const state = stateAfter(base, read1, queued('read', 'm3'), updated(item('m3', { readAt: AT }), 1));
    expect(shown(state)).toEqual({ unread: ['m2'], unreadCount: 1 });
  });

  test('queued twice, as by two tabs, is once', () => {
    const state = stateAfter(base, queued('read', 'm3'), queued('read', 'm3'));
    expect(state.pending).toHaveLength(1);
  });
});

describe('status', () => {
  const lost: InboxChange = {
    type: 'status',
    status: 'offline',
    error: { code: 'CONNECTION', message: 'Lost.' },
  };

  test('the error goes when it is live again', () => {
    const offline = stateAfter(newest(0, []), lost);
    expect(snapshotOf(offline, false)).toMatchObject({ status: 'offline', error: { code: 'CONNECTION' } });
    const again = reduce(offline, { type: 'status', status: 'connecting' });
    expect(again.error).toBeDefined();
    expect(reduce(again, { type: 'status', status: 'live' }).error).toBeUndefined();
  });

  test('what changes nothing is the same object', () => {
    const state = stateAfter(newest(0, []), { type: 'status', status: 'live' });
    expect(reduce(state, { type: 'status', status: 'live' })).toBe(state);
    expect(reduce(state, { type: 'confirmed', id: 'unknown' })).toBe(state);
  });

  test('a closed inbox says so, whatever the connection was', () => {
    expect(snapshotOf(stateAfter({ type: 'status', status: 'live' }), true).status).toBe('closed');
  });
});
