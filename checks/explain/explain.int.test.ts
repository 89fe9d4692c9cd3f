/**
 * Every query of the hot paths reads an index, and no more of it than it answers: the real functions are called on a
 * store of 20,000 notifications, what they send is caught on its way, and the server explains it.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Finished, finished } from '../../bench/growth/documents.ts';
import type { Principal } from '../../platform/auth/principal.ts';
import { newId } from '../../platform/names/ids.ts';
import type {
  AttemptOutcome,
  DeliveryRecord,
  NotificationRecord,
} from '../../subgraphs/notifications/index.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { costOf, problemOf } from './judge.ts';
import { type OpenPlatform, openPlatform, WORKSPACE } from './open-platform.ts';
import { explain, queriesOf, readsPagesOffIndexes, shown, unlimited } from './watch-queries.ts';

const STORED = 20_000;
/** One after the other at ten a second. */
const APART_MS = 100;
const USERS = 2_000;
const GROUPS = 4;
/** Keys, and documents, that one query may look at: what the calls below answer with, twice, and a little. */
const LIMIT = 1_100;

const services = freshDatabase();
let platform: OpenPlatform;
let stored: Finished[];
let explains: boolean;
beforeAll(async () => {
  platform = await openPlatform(services, { monitorCommands: true });
  const { connection } = platform;
  explains = await readsPagesOffIndexes(connection);
  if (!explains) return;
  for (let from = 0; from < USERS; from += 1_000)
    await platform.run('users', 'mutation ($users: [UserInput!]!) { upsertUsers(users: $users) { id } }', {
      users: Array.from({ length: 1_000 }, (_, i) => ({
        id: `filled-${from + i}`,
        email: `u${from + i}@example.com`,
        groups: [`group-${(from + i) % GROUPS}`],
      })),
    });
  const start = Date.now() - STORED * APART_MS;
  stored = Array.from({ length: STORED }, (_, i) => finished(i, new Date(start + i * APART_MS), USERS));
  await connection
    .collection<NotificationRecord>('notifications')
    .insertMany(stored.map(({ notification }) => notification));
  await connection
    .collection<DeliveryRecord>('deliveries')
    .insertMany(stored.map(({ delivery }) => delivery));
});
afterAll(() => platform?.close());
beforeEach(({ skip }) => skip(!explains, 'this server does not read pages off indexes'));

interface Allowed {
  /** Where more than `LIMIT` is right. */
  readonly limit?: number;
  /** Where a sort is right, and why. */
  readonly maySort?: string;
  /** Where only the limit bounds the cost, and why. */
  readonly wide?: string;
}

/** Catches what `work` asks of the store, and has each query explained. @returns those that cost too much. */
async function tooDear(work: () => Promise<unknown>, allowed: Allowed = {}) {
  const queries = await queriesOf(platform.connection, work);
  const seen = [];
  const problems = [];
  for (const query of queries) {
    const cost = costOf(await explain(platform.connection, query));
    seen.push({ collection: query.collection, ...cost });
    const bounds = { limit: allowed.limit ?? LIMIT, maySort: allowed.maySort !== undefined };
    const problem = problemOf(cost, bounds);
    if (problem !== undefined) problems.push({ problem, ...cost, query: shown(query) });
    const whole = allowed.wide === undefined ? unlimited(query) : undefined;
    if (!whole || problem !== undefined) continue;
    const wholeCost = costOf(await explain(platform.connection, whole));
    const tooWide = problemOf(wholeCost, bounds);
    if (tooWide !== undefined)
      problems.push({ problem: `without its limit it ${tooWide}`, ...wholeCost, query: shown(query) });
  }
  return { seen, problems };
}

/** Accepted and due. */
function fresh(changes: Partial<NotificationRecord> = {}): NotificationRecord {
  const { notification } = finished(0, new Date(), USERS);
  const _id = newId('ntf');
  const { completedAt: _c, plannedAt: _p, usedChannels: _u, planFence: _f, ...rest } = notification;
  return {
    ...rest,
    _id,
    idem: `${WORKSPACE}|app|${_id}`,
    state: 'ACCEPTED',
    planned: false,
    deliveryCount: 0,
    nextAttemptAt: new Date(Date.now() - 1_000),
    ...changes,
  };
}
async function insertFresh(count: number, changes: Partial<NotificationRecord> = {}) {
  const records = Array.from({ length: count }, () => fresh(changes));
  await platform.connection.collection<NotificationRecord>('notifications').insertMany(records);
  return records;
}
/** Planned by the real outbox: an e-mail to each of `recipients`. */
async function planned(count: number, recipients = 1): Promise<DeliveryRecord[]> {
  const records = await insertFresh(count);
  const { queued } = await platform.store.outbox.storePlans(
    records.map((notification) => ({
      notification,
      deliveries: Array.from({ length: recipients }, (_, i) => ({
        channel: 'EMAIL' as const,
        user: `filled-${i}`,
        address: `u${i}@example.com`,
        content: { body: 'Hello', locale: 'en' },
      })),
    })),
    new Date(),
  );
  return platform.store.outbox.claim(
    queued.map((d) => d.id),
    0,
    'worker',
    new Date(),
    new Date(Date.now() + 60_000),
  );
}
const sent = (delivery: DeliveryRecord): AttemptOutcome => ({
  delivery,
  attempt: { at: new Date(), provider: 'test', ok: true, latencyMs: 1 },
  result: { kind: 'sent', providerMessageId: delivery._id },
});
const user: Principal = { kind: 'user', workspace: WORKSPACE, user: 'filled-7', expiresAt: 4e9 };
const soon = () => new Date(Date.now() + 30_000);
const operate =
  (query: string, variables: () => Record<string, unknown> = () => ({}), as?: Principal) =>
  () =>
    platform.run('notifications', query, variables(), as);
const id = (number: number) => stored[number]?.notification._id ?? '';
const send = (idempotencyKey: string | undefined, to: object) =>
  operate(
    'mutation ($i: SendNotificationInput!) { sendNotification(input: $i) { deduplicated notification { id } } }',
    () => ({ i: { idempotencyKey, content: { body: 'x' }, to: [to], channels: ['EMAIL'] } }),
  );
const LIST = `query ($f: NotificationFilter, $a: String) {
  notifications(filter: $f, first: 25, after: $a) { nodes { id state } pageInfo { hasNextPage endCursor } }
}`;
async function cursorOf(filter: object): Promise<string> {
  const { notifications } = await platform.run<{ notifications: { pageInfo: { endCursor: string } } }>(
    'notifications',
    LIST,
    { f: filter },
  );
  return notifications.pageInfo.endCursor;
}

/** What is called, and the collections that it must be seen to ask. */
interface Story extends Allowed {
  readonly asks: readonly string[];
  /** Not looked at. @returns what is. */
  prepare(): Promise<() => Promise<unknown>>;
}
const story = (asks: readonly string[], work: () => Promise<unknown>, allowed: Allowed = {}): Story => ({
  asks,
  ...allowed,
  prepare: async () => work,
});
const after = (asks: readonly string[], prepare: Story['prepare'], allowed: Allowed = {}): Story => ({
  asks,
  ...allowed,
  prepare,
});

const STORIES: Readonly<Record<string, Story>> = {
  // Lists first: the others add what these would look past.
  'list: the first page': story(['notifications'], operate(LIST)),
  'list: a further page': after(['notifications'], async () => {
    const a = await cursorOf({});
    return operate(LIST, () => ({ a }));
  }),
  'list: by state, priority and channel': after(['notifications'], async () => {
    const f = { state: ['COMPLETED'], priority: ['MEDIUM'], channel: ['EMAIL'] };
    const a = await cursorOf(f);
    return operate(LIST, () => ({ f, a }));
  }),
  'list: by app': story(
    ['notifications'],
    operate(LIST, () => ({ f: { app: 'app_filled_3' } })),
  ),
  'list: of one user': after(['deliveries', 'notifications'], async () => {
    const f = { user: 'filled-7' };
    return operate(LIST, () => ({ f }));
  }),
  'list: counted': story(
    ['notifications'],
    operate('{ notifications(filter: { state: [COMPLETED] }) { totalCount } }'),
    // Exact up to 10,000, by contract.
    { limit: 10_100 },
  ),
  'accept: a first send with a key': story([], send('first', { user: 'filled-1' })),
  'accept: the same send again': after(['notifications'], async () => {
    await send('again', { user: 'filled-1' })();
    return send('again', { user: 'filled-1' });
  }),
  'accept: an unknown user, an unknown group': story(['users'], async () => {
    await expect(send(undefined, { user: 'nobody' })()).rejects.toThrow('nobody');
    await expect(send(undefined, { group: 'nowhere' })()).rejects.toThrow('nowhere');
  }),
  'accept: a group with members': story(['users'], send(undefined, { group: 'group-1' })),
  'users: recipients with their devices': story(['users', 'devices'], () =>
    platform.users.recipients(
      WORKSPACE,
      Array.from({ length: 500 }, (_, i) => `filled-${i}`),
    ),
  ),
  'users: a first and a further page of members': story(['users'], async () => {
    const first = await platform.users.groupMembers(WORKSPACE, 'group-2', undefined, 100);
    expect(first).toHaveLength(100);
    await platform.users.groupMembers(WORKSPACE, 'group-2', first.at(-1), 100);
  }),
  'users: whose key this is': story(['credentials'], () => platform.users.principalByKeyHash('f'.repeat(64))),
  'users: devices that are gone': story(['devices'], () =>
    platform.users.removeDevices(WORKSPACE, ['dev_1']),
  ),
  'plan: what is due': after(['notifications'], async () => {
    const ids = (await insertFresh(100)).map((n) => n._id);
    return () => platform.store.outbox.duePlans(ids, new Date());
  }),
  'plan: stored, claimed, recorded and completed': story(['notifications', 'deliveries'], async () => {
    const deliveries = [...(await planned(50)), ...(await planned(2, 20))];
    expect(deliveries).toHaveLength(90);
    const ids = deliveries.map((d) => d._id);
    await platform.store.outbox.renew(ids, 'worker', soon());
    await platform.store.outbox.record(deliveries.map(sent), 'worker');
  }),
  'plan: an in-app message': story(['notifications', 'inbox_counters'], async () => {
    const [notification] = await insertFresh(1);
    if (!notification) throw new Error('not inserted');
    const content = { body: 'Hello', locale: 'en' };
    await platform.store.outbox.storePlans(
      [{ notification, deliveries: [{ channel: 'IN_APP', user: user.user, content }] }],
      new Date(),
    );
  }),
  'send: given back, put off': after(['deliveries'], async () => {
    const deliveries = await planned(20);
    return async () => {
      const deferrals = deliveries.map((d) => ({ delivery: d._id, until: soon() }));
      await platform.store.outbox.defer(deferrals, 'worker');
      await platform.store.outbox.postpone(
        deliveries.map((d) => d._id),
        0,
        soon(),
      );
    };
  }),
  'sweep: notifications': after(['notifications'], async () => {
    // A crowd of another priority, due before them.
    await insertFresh(1_500, { priority: 'LOW' });
    await insertFresh(500, { priority: 'MEDIUM' });
    return () =>
      platform.store.outbox.sweepPlans('MEDIUM', { now: new Date(), nextLook: soon(), limit: 100 });
  }),
  'sweep: deliveries': after(['deliveries'], async () => {
    await planned(300);
    return () =>
      platform.store.outbox.sweepDeliveries(
        { channel: 'EMAIL', priority: 'MEDIUM' },
        { now: new Date(Date.now() + 120_000), nextLook: soon(), limit: 100 },
      );
  }),
  'one notification with its deliveries': story(
    ['notifications', 'deliveries'],
    operate(
      'query ($id: ID!) { notification(id: $id) { state deliveries { totalCount nodes { id state } } timeline { at } } }',
      () => ({ id: id(77) }),
    ),
    { maySort: 'by id, the deliveries of this one notification' },
  ),
  cancel: after(['notifications', 'deliveries'], async () => {
    const [record] = await insertFresh(1, { app: 'app_cancel' });
    return operate('mutation ($id: ID!) { cancelNotification(id: $id) { state } }', () => ({
      id: record?._id,
    }));
  }),
  'inbox: a page, the counter, marking': story(
    ['inbox_messages', 'inbox_counters'],
    operate('{ inbox { unreadCount nodes { id } } }', undefined, user),
  ),
  'inbox: all read': story(['inbox_messages'], operate('mutation { markAllRead }', undefined, user)),
  'analytics: counts of an hour': story(['delivery_minutes'], () =>
    platform.run('analytics', '{ deliveryStats { totals { sent } } }'),
  ),
};

describe('hot queries', () => {
  it.each(Object.entries(STORIES))('%s', async (_name, { asks, prepare, ...allowed }) => {
    const { seen, problems } = await tooDear(await prepare(), allowed);
    expect([...new Set(seen.map((query) => query.collection))]).toEqual(expect.arrayContaining([...asks]));
    expect(problems).toEqual([]);
  });
});

describe('this check', () => {
  const notifications = () => platform.connection.collection('notifications');

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['without an index', () => notifications().findOne({ template: 'none' }), /whole collection/],
    [
      'an update without an index',
      () => notifications().updateMany({ template: 'none' }, { $set: { state: 'COMPLETED' } }),
      /whole collection/,
    ],
    [
      'in an order that no index has',
      () => notifications().find({ workspace: WORKSPACE }).sort({ createdAt: 1 }).limit(10).toArray(),
      /sorts|whole collection|examines/,
    ],
    [
      'by an index that tells too little apart',
      () => notifications().find({ workspace: WORKSPACE, template: 'none' }).limit(10).toArray(),
      /examines/,
    ],
  ])('reports a query %s', async (_what, work, expected) => {
    const { problems } = await tooDear(work);
    expect(problems.map(({ problem }) => problem)).toEqual([expect.stringMatching(expected)]);
  });

  it('does not take an answer for explained that is not', () => {
    expect(() => costOf({ ok: 1 })).toThrow('not an explained query');
  });
});
