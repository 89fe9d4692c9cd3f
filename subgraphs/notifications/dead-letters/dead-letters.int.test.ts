import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeCursor } from '../../../platform/graphql/connections.ts';
import { newId } from '../../../platform/names/ids.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import { appPrincipal, OLGA, type OpenGraph, openGraph } from '../testing/open-graph.ts';
import { emailPage, notification } from '../testing/open-store.ts';
import type { DeadLetterRecord } from './dead-letter-record.ts';
import { deadLetterOf, type FailedDelivery, insertDeadLetters } from './insert-dead-letters.ts';

const services = freshDatabase();
let graph: OpenGraph;
beforeAll(async () => {
  graph = await openGraph(services);
});
afterAll(() => graph.close());

const collection = <T extends object>(name: string) => graph.connections.mongo.collection<T>(name);
const letters = () => collection<DeadLetterRecord>('dead_letters');
const models = () =>
  ({ raw: { deadLetters: letters() } }) as unknown as Parameters<typeof insertDeadLetters>[0];
const letter = (id: string) => letters().findOne({ _id: id });

interface Failing {
  readonly notification?: Partial<NotificationRecord>;
  readonly to?: readonly string[];
  readonly code?: string;
}

/** A notification whose e-mails all fail for good, by the real outbox. */
async function fail({
  notification: changes,
  to = ['a@example.com'],
  code = 'CHANNEL_MESSAGE_REJECTED',
}: Failing = {}) {
  const record = notification({ to: [], ...changes });
  await collection<NotificationRecord>('notifications').insertOne({ ...record });
  const { outbox } = graph.store;
  const { queued } = await outbox.storePlans([emailPage(record, to)], new Date());
  const ids = queued.map((q) => q.id);
  const fence = newId('key');
  const claimed = await outbox.claim(ids, 0, fence, new Date(), new Date(Date.now() + 60_000));
  await outbox.record(
    claimed.map((delivery) => failed(delivery, code)),
    fence,
  );
  return { id: record._id, ids: ids.toSorted() };
}
const failed = (delivery: DeliveryRecord, errorCode: string) => ({
  delivery,
  attempt: { at: new Date(), provider: 'smtp', ok: false, errorCode, errorMessage: '550 no', latencyMs: 3 },
  result: { kind: 'failed' as const },
});

/** Lists the letters alone: what they point at is asked for in ALL. */
const LIST = `query ($filter: DeadLetterFilter, $first: Int, $after: String) {
  deadLetters(filter: $filter, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { id state resolvedBy resolvedReason replay { id } }
  }
}`;
const ALL = `query ($filter: DeadLetterFilter, $first: Int, $after: String) {
  deadLetters(filter: $filter, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor hasPreviousPage }
    nodes { id state reason lastError attempts failedAt channel provider priority event category
      resolvedBy resolvedReason app { id } user { id } template { id }
      notification { id } delivery { id state } replay { id } }
  }
}`;
interface Listed {
  readonly deadLetters: {
    readonly totalCount: number;
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    readonly nodes: readonly {
      readonly id: string;
      readonly state: string;
      readonly replay: { id: string } | null;
    }[];
  };
}
const list = async (filter: object, page: object = {}, as = OLGA) =>
  (await graph.run<Listed>(as, LIST, { filter, ...page })).deadLetters;
const listed = async (filter: object, as = OLGA) =>
  (await list(filter, { first: 100 }, as)).nodes.map((n) => n.id);

const REPLAY = `mutation ($ids: [ID!], $filter: DeadLetterFilter, $edit: ReplayEditInput, $reason: String, $first: Int, $after: String) {
  replayDeadLetters(ids: $ids, filter: $filter, edit: $edit, reason: $reason, first: $first, after: $after) {
    count hasMore endCursor replays { id } left { id code message }
  }
}`;
interface Replayed {
  readonly replayDeadLetters: {
    readonly count: number;
    readonly hasMore: boolean;
    readonly endCursor: string | null;
    readonly replays: readonly { readonly id: string }[];
    readonly left: readonly { readonly id: string; readonly code: string; readonly message: string }[];
  };
}
const replay = async (variables: object, as = OLGA) =>
  (await graph.run<Replayed>(as, REPLAY, { ...variables })).replayDeadLetters;
const DISCARD = `mutation ($ids: [ID!], $filter: DeadLetterFilter, $reason: String!, $first: Int, $after: String) {
  discardDeadLetters(ids: $ids, filter: $filter, reason: $reason, first: $first, after: $after) { count hasMore endCursor }
}`;
interface Discarded {
  readonly discardDeadLetters: {
    readonly count: number;
    readonly hasMore: boolean;
    readonly endCursor: string | null;
  };
}
const discard = async (variables: object, as = OLGA) =>
  (await graph.run<Discarded>(as, DISCARD, { ...variables })).discardDeadLetters;
const AUDIT = `query ($filter: AuditFilter, $first: Int, $after: String) {
  auditEntries(filter: $filter, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id at action count reason deliveries notifications replays filter before after actor { kind id name } }
  }
}`;
interface Audited {
  readonly auditEntries: {
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    readonly nodes: readonly Record<string, unknown>[];
  };
}
const audit = async (filter: object = {}) =>
  (await graph.run<Audited>(OLGA, AUDIT, { filter, first: 100 })).auditEntries.nodes;

describe('a dead letter', () => {
  it('comes with the failure, once, and tells what there is to know', async () => {
    const { id, ids } = await fail({
      notification: { event: 'order.paid', category: 'billing', priority: 'HIGH' },
    });
    const [only] = ids;
    const { deadLetters } = await graph.run<Listed>(OLGA, ALL, { filter: { notification: id } });
    expect(deadLetters.totalCount).toBe(1);
    expect(deadLetters.nodes).toMatchObject([
      {
        id: only,
        state: 'OPEN',
        reason: 'CHANNEL_MESSAGE_REJECTED',
        lastError: '550 no',
        attempts: 1,
        channel: 'EMAIL',
        provider: 'smtp',
        priority: 'HIGH',
        event: 'order.paid',
        category: 'billing',
        app: { id: 'app_test' },
        user: null,
        template: null,
        notification: { id },
        delivery: { id: only, state: 'FAILED' },
        replay: null,
      },
    ]);
  });

  it('is not written for a result that comes from a worker that has lost its claim', async () => {
    const record = notification({ to: [] });
    await collection<NotificationRecord>('notifications').insertOne({ ...record });
    const { outbox } = graph.store;
    const { queued } = await outbox.storePlans(
      [emailPage(record, ['late@example.com', 'mine@example.com'])],
      new Date(),
    );
    const claimed = await outbox.claim(
      queued.map((q) => q.id),
      0,
      'slow',
      new Date(),
      new Date(Date.now() + 60_000),
    );
    const [late, mine] = claimed;
    if (!late || !mine) throw new Error('not claimed');
    await collection<DeliveryRecord>('deliveries').updateOne(
      { _id: late._id },
      { $set: { fence: 'another' } },
    );
    await outbox.record([failed(late, 'CHANNEL_TIMEOUT'), failed(mine, 'CHANNEL_TIMEOUT')], 'slow');
    expect(await letter(late._id)).toBeNull();
    expect(await letter(mine._id)).toMatchObject({ state: 'OPEN', reason: 'CHANNEL_TIMEOUT' });
  });

  it('comes with a plan whose words could not be made', async () => {
    const record = notification({ to: [] });
    await collection<NotificationRecord>('notifications').insertOne({ ...record });
    await graph.store.outbox.storePlans(
      [
        {
          notification: record,
          deliveries: [{ channel: 'IN_APP', user: 'ann', renderError: 'no such helper' }],
        },
      ],
      new Date(),
    );
    const { deadLetters } = await graph.run<Listed>(OLGA, ALL, { filter: { notification: record._id } });
    expect(deadLetters.nodes).toMatchObject([
      {
        reason: 'CHANNEL_RENDER_FAILED',
        lastError: 'no such helper',
        provider: 'template',
        user: { id: 'ann' },
      },
    ]);
  });

  it('stays what it is when it is written again', async () => {
    const { ids } = await fail();
    await discard({ ids, reason: 'done' });
    const [delivery] = await collection<DeliveryRecord>('deliveries')
      .find({ _id: { $in: ids } })
      .toArray();
    if (!delivery) throw new Error('no delivery');
    const failure: FailedDelivery = { delivery, code: 'CHANNEL_TIMEOUT', at: new Date() };
    const before = await letter(delivery._id);
    await inTransaction(graph.connections.mongo, async (session) => {
      await insertDeadLetters(models(), [failure], session);
    });
    expect(await letter(delivery._id)).toEqual(before);
    expect(before).toMatchObject({ state: 'DISCARDED' });
  });
});

describe('listing', () => {
  const app = newId('app');
  const made: Record<string, string> = {};
  beforeAll(async () => {
    const base: NotificationRecord = notification({ app });
    const at = (minute: number) => new Date(Date.UTC(2020, 0, 1, 0, minute));
    const plant = async (
      name: string,
      changes: Partial<DeliveryRecord>,
      failure: Partial<FailedDelivery>,
    ) => {
      const delivery = {
        _id: newId('dlv'),
        workspace: 'default',
        app,
        notification: base._id,
        channel: 'EMAIL',
        provider: 'smtp',
        priority: 'LOW',
        attempt: 6,
        ...changes,
      } as DeliveryRecord;
      made[delivery._id] = name;
      await letters().insertOne({
        ...deadLetterOf({ delivery, code: 'CHANNEL_TIMEOUT', at: at(0), ...failure }),
      });
    };
    await plant('old', {}, { at: at(1) });
    await plant('sms', { channel: 'SMS', provider: 'twilio' }, { at: at(2) });
    await plant('rejected', { user: 'ann' }, { at: at(3), code: 'CHANNEL_MESSAGE_REJECTED' });
    await plant('billing', { category: 'billing', event: 'order.paid', template: 'receipt' }, { at: at(4) });
    await plant('elsewhere', { notification: newId('ntf') }, { at: at(5) });
    await plant('other workspace', { workspace: 'other' }, { at: at(6) });
  });
  const names = (ids: readonly string[]) => ids.map((id) => made[id]);

  it.each<[string, object, string[]]>([
    ['all of the app, newest first', {}, ['elsewhere', 'billing', 'rejected', 'sms', 'old']],
    ['a channel', { channel: ['SMS', 'QQ'] }, ['sms']],
    ['a provider', { provider: 'twilio' }, ['sms']],
    ['a reason', { reason: ['CHANNEL_MESSAGE_REJECTED'] }, ['rejected']],
    ['a user', { user: 'ann' }, ['rejected']],
    ['a template', { template: 'receipt' }, ['billing']],
    ['an event', { event: 'order.paid' }, ['billing']],
    ['a category', { category: 'billing' }, ['billing']],
    ['from a time on', { from: new Date(Date.UTC(2020, 0, 1, 0, 4)) }, ['elsewhere', 'billing']],
    ['before a time', { to: new Date(Date.UTC(2020, 0, 1, 0, 2)) }, ['old']],
    ['a state', { state: ['REPLAYED', 'DISCARDED'] }, []],
    [
      'two things at once',
      { channel: ['EMAIL'], reason: ['CHANNEL_TIMEOUT'], category: 'billing' },
      ['billing'],
    ],
  ])('finds %s', async (_what, filter, expected) => {
    expect(names(await listed({ app, ...filter }))).toEqual(expected);
  });

  it('turns pages over several states without a gap and without a double', async () => {
    const { ids } = await fail({
      notification: { app },
      to: ['1@example.com', '2@example.com', '3@example.com'],
    });
    await discard({ ids: [ids[1]], reason: 'one of them' });
    const all = await listed({ app });
    expect(all).toHaveLength(8);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page: Listed['deadLetters'] = await list({ app }, { first: 3, after });
      seen.push(...page.nodes.map((n) => n.id));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(all);
    expect(await listed({ app, state: ['DISCARDED'] })).toEqual([ids[1]]);
    expect((await list({ app, state: ['OPEN'] })).totalCount).toBe(7);
    expect((await list({ app, channel: ['SMS'] })).totalCount).toBe(1);
  });

  it('shows an app its own, and nothing of another workspace', async () => {
    expect(names(await listed({ category: 'billing' }, appPrincipal(app)))).toEqual(['billing']);
    expect(await listed({}, appPrincipal('app_nobody'))).toEqual([]);
    expect(await listed({ app }, { ...OLGA, workspace: 'third' })).toEqual([]);
    expect(names(await listed({ app }, { ...OLGA, workspace: 'other' }))).toEqual(['other workspace']);
  });

  it.each<[string, object, object]>([
    ['first', { first: 0 }, { field: 'first' }],
    ['after', { after: 'nonsense!' }, { field: 'after' }],
    ['cursor of something else', { after: encodeCursor('ntf_1') }, { field: 'after' }],
    ['an empty list', { filter: { channel: [] } }, { field: 'filter.channel' }],
    [
      'times the wrong way round',
      { filter: { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' } },
      { field: 'filter.to' },
    ],
  ])('refuses a wrong %s', async (_what, variables, told) => {
    expect(await graph.refused(OLGA, LIST, { ...variables })).toMatchObject({
      code: 'BAD_USER_INPUT',
      ...told,
    });
  });

  it("refuses an app another app's, and people without the right", async () => {
    expect(await graph.refused(appPrincipal(app), LIST, { filter: { app: 'app_2' } })).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'filter.app',
    });
    const user = { kind: 'user', workspace: 'default', user: 'ann', expiresAt: 4e9 } as const;
    for (const [query, variables] of [
      [LIST, {}],
      [REPLAY, { filter: {} }],
      [DISCARD, { filter: {}, reason: 'x' }],
    ] as const) {
      expect(await graph.refused(user, query, variables)).toMatchObject({ code: 'FORBIDDEN' });
      expect(await graph.refused(undefined, query, variables)).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    expect(await graph.refused(appPrincipal(app), AUDIT)).toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('replaying and discarding', () => {
  let app: string;
  beforeEach(() => {
    app = newId('app');
  });

  it('makes one replay for each notification, linked both ways, and tells the audit trail', async () => {
    const first = await fail({ notification: { app }, to: ['a@example.com', 'b@example.com'] });
    const second = await fail({ notification: { app } });
    const ids = [...first.ids, ...second.ids];
    const done = await replay({ ids, reason: 'The mail server is back' });
    expect(done).toMatchObject({ count: 3, hasMore: false, left: [] });
    expect(done.replays).toHaveLength(2);
    const states = (await list({ app })).nodes;
    expect(states).toHaveLength(3);
    for (const node of states) {
      expect(node).toMatchObject({
        state: 'REPLAYED',
        resolvedBy: 'Olga',
        resolvedReason: 'The mail server is back',
      });
      expect(done.replays).toContainEqual(node.replay);
    }
    expect(states.find((n) => n.id === first.ids[0])?.replay).toEqual(
      states.find((n) => n.id === first.ids[1])?.replay,
    );
    const replays = await collection<NotificationRecord>('notifications')
      .find({ _id: { $in: done.replays.map((r) => r.id) } })
      .toArray();
    expect(replays.map((r) => r.replayOf).sort()).toEqual([first.id, second.id].sort());
    for (const original of [first.id, second.id]) {
      const timeline = await graph.run<{ notification: { timeline: { type: string; detail: object }[] } }>(
        OLGA,
        'query ($id: ID!) { notification(id: $id) { timeline { type detail } } }',
        { id: original },
      );
      expect(timeline.notification.timeline).toContainEqual({
        type: 'replayed',
        detail: { notification: replays.find((r) => r.replayOf === original)?._id, by: 'Olga' },
      });
    }
    const [entry] = await audit({ delivery: second.ids[0] });
    expect(entry).toMatchObject({
      action: 'REPLAY',
      actor: { kind: 'OPERATOR', id: 'key_olga', name: 'Olga' },
      count: 3,
      reason: 'The mail server is back',
      filter: null,
      before: null,
      after: null,
    });
    expect(entry?.deliveries).toEqual(expect.arrayContaining(ids));
    expect(entry?.notifications).toEqual(expect.arrayContaining([first.id, second.id]));
    expect(entry?.replays).toEqual(expect.arrayContaining(done.replays.map((r) => r.id)));
  });

  it('makes one replay of a dead letter however many try at once', async () => {
    const { id, ids } = await fail({ notification: { app }, to: ['a@example.com', 'b@example.com'] });
    const tries = await Promise.allSettled([
      ...Array.from({ length: 4 }, () => replay({ ids })),
      ...Array.from({ length: 3 }, () => replay({ filter: { app } })),
      discard({ ids, reason: 'no' }),
      graph.run(OLGA, 'mutation ($id: ID!) { replayNotification(id: $id) { id } }', { id }),
    ]);
    const replays = await collection<NotificationRecord>('notifications').find({ replayOf: id }).toArray();
    const states = (await list({ app })).nodes.map((n) => n.state);
    expect(new Set(states).size).toBe(1);
    expect(replays).toHaveLength(states[0] === 'REPLAYED' ? 1 : 0);
    for (const result of tries)
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ extensions: { code: 'CONFLICT' } });
    const counted = tries.flatMap((result) =>
      result.status === 'fulfilled' &&
      result.value &&
      typeof result.value === 'object' &&
      'count' in result.value
        ? [Number(result.value.count)]
        : [],
    );
    expect(counted.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(2);
    expect(await audit({ notification: id })).toHaveLength(1);
  });

  it('says of one that is not open what became of it, and does nothing with the others', async () => {
    const gone = await fail({ notification: { app } });
    const open = await fail({ notification: { app } });
    const [made] = (await replay({ ids: gone.ids })).replays;
    const both = [...open.ids, ...gone.ids];
    for (const [query, variables] of [
      [REPLAY, { ids: both }],
      [DISCARD, { ids: both, reason: 'x' }],
    ] as const)
      expect(await graph.refused(OLGA, query, variables)).toEqual({
        code: 'CONFLICT',
        field: 'ids.1',
        message: expect.stringContaining(made?.id ?? 'no replay'),
      });
    await discard({ ids: open.ids, reason: 'Left the company' });
    expect(await graph.refused(OLGA, REPLAY, { ids: open.ids })).toEqual({
      code: 'CONFLICT',
      field: 'ids.0',
      message: expect.stringContaining('Left the company'),
    });
    expect(
      await graph.refused(
        OLGA,
        'mutation ($id: ID!, $d: [ID!]) { replayNotification(id: $id, deliveries: $d) { id } }',
        {
          id: open.id,
          d: open.ids,
        },
      ),
    ).toMatchObject({ code: 'CONFLICT', field: 'deliveries.0' });
  });

  it('the older mutation marks dead letters too', async () => {
    const { id, ids } = await fail({ notification: { app }, to: ['a@example.com', 'b@example.com'] });
    const mutation = 'mutation ($id: ID!, $d: [ID!]) { replayNotification(id: $id, deliveries: $d) { id } }';
    const named = await graph.run<{ replayNotification: { id: string } }>(OLGA, mutation, {
      id,
      d: [ids[0]],
    });
    expect(await letter(ids[0] ?? '')).toMatchObject({
      state: 'REPLAYED',
      replay: named.replayNotification.id,
    });
    const rest = await graph.run<{ replayNotification: { id: string } }>(OLGA, mutation, { id });
    expect(await letter(ids[1] ?? '')).toMatchObject({
      state: 'REPLAYED',
      replay: rest.replayNotification.id,
    });
    expect(await graph.refused(OLGA, mutation, { id })).toMatchObject({ code: 'CONFLICT' });
    expect(await audit({ notification: id })).toHaveLength(2);
  });

  it('works through a filter call by call, each dead letter once, and leaves what fails again', async () => {
    for (let i = 0; i < 3; i++)
      await fail({ notification: { app }, to: Array.from({ length: 4 }, (_, n) => `${n}@example.com`) });
    await fail({ notification: { app }, code: 'CHANNEL_TIMEOUT' });
    const filter = { app, reason: ['CHANNEL_MESSAGE_REJECTED'] };
    const counts: number[] = [];
    let after: string | null = null;
    do {
      const done = await replay({ filter, first: 5, after });
      counts.push(done.count);
      after = done.endCursor;
      expect(done.hasMore).toBe(after !== null);
      if (counts.length === 1) await fail({ notification: { app } });
    } while (after !== null);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(12);
    expect(await listed({ app, state: ['OPEN'] })).toHaveLength(2);
    const [entry] = await audit({});
    expect(entry).toMatchObject({ filter, action: 'REPLAY' });
  });

  it('discards by a filter, with the reason', async () => {
    await fail({ notification: { app }, to: ['a@example.com', 'b@example.com'] });
    const done = await discard({ filter: { app }, reason: '  Addresses were made up ' });
    expect(done).toMatchObject({ count: 2, hasMore: false });
    expect((await list({ app })).nodes).toMatchObject([
      { state: 'DISCARDED', resolvedReason: 'Addresses were made up', replay: null },
      { state: 'DISCARDED', resolvedBy: 'Olga' },
    ]);
    expect((await audit())[0]).toMatchObject({
      action: 'DISCARD',
      count: 2,
      reason: 'Addresses were made up',
    });
    expect(await discard({ filter: { app }, reason: 'again' })).toMatchObject({ count: 0 });
  });

  it("lets an app do it with its own, in its own name, and with nobody else's", async () => {
    const own = await fail({ notification: { app } });
    const others = await fail({ notification: { app: newId('app') } });
    const me = appPrincipal(app);
    expect(await graph.refused(me, REPLAY, { ids: others.ids })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await graph.refused({ ...OLGA, workspace: 'other' }, REPLAY, { ids: own.ids })).toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await replay({ filter: {} }, me)).toMatchObject({ count: 1 });
    expect(await letter(others.ids[0] ?? '')).toMatchObject({ state: 'OPEN' });
    expect((await audit({ by: app }))[0]).toMatchObject({ actor: { kind: 'APP', id: app } });
  });

  it('leaves what cannot be replayed and says why; by name that is an error', async () => {
    const plain = await fail({ notification: { app } });
    const gone = await fail({ notification: { app, template: 'vanished', content: undefined as never } });
    const edit = { data: { a: 1 } };
    const done = await replay({ filter: { app }, edit });
    expect(done.count).toBe(0);
    expect(done.left).toEqual(
      expect.arrayContaining([
        { id: plain.ids[0], code: 'BAD_USER_INPUT', message: expect.stringContaining('without a template') },
        { id: gone.ids[0], code: 'CONFLICT', message: expect.stringContaining('vanished') },
      ]),
    );
    expect(await graph.refused(OLGA, REPLAY, { ids: plain.ids, edit })).toMatchObject({ field: 'edit.data' });
    expect(await graph.refused(OLGA, REPLAY, { ids: gone.ids, edit })).toMatchObject({ code: 'CONFLICT' });
    expect(await listed({ app, state: ['OPEN'] })).toHaveLength(2);
  });

  it.each<[string, object, string]>([
    ['nothing chosen', {}, 'ids'],
    ['both', { ids: ['x'], filter: {} }, 'filter'],
    ['no ids', { ids: [] }, 'ids'],
    ['too many ids', { ids: Array.from({ length: 1_001 }, (_, i) => `d${i}`) }, 'ids'],
    ['first with ids', { ids: ['x'], first: 5 }, 'first'],
    ['first too large', { filter: {}, first: 1_001 }, 'first'],
    ['after', { filter: {}, after: 'nonsense!' }, 'after'],
    ['a state that is not open', { filter: { state: ['OPEN', 'REPLAYED'] } }, 'filter.state'],
    ['too long a reason', { filter: {}, reason: 'x'.repeat(501) }, 'reason'],
    ['an edit of nothing', { filter: {}, edit: {} }, 'edit'],
    ['an edit of too much', { filter: {}, edit: { data: {}, content: { body: 'x' } } }, 'edit.content'],
    ['data that is no object', { filter: {}, edit: { data: [1] } }, 'edit.data'],
    ['empty words', { filter: {}, edit: { content: { body: ' ' } } }, 'edit.content.body'],
    ['a bad link', { filter: {}, edit: { content: { body: 'x', url: 'javascript:1' } } }, 'edit.content.url'],
  ])('refuses %s', async (_what, variables, field) => {
    expect(await graph.refused(OLGA, REPLAY, { ...variables })).toMatchObject({
      code: 'BAD_USER_INPUT',
      field,
    });
  });

  it('wants a reason for a discard, and one address for one delivery', async () => {
    const { ids } = await fail({ notification: { app }, to: ['a@example.com', 'b@example.com'] });
    expect(await graph.refused(OLGA, DISCARD, { ids, reason: ' ' })).toMatchObject({ field: 'reason' });
    const wrong = async (chosen: readonly string[], address: string) =>
      graph.refused(OLGA, REPLAY, { ids: chosen, edit: { address } });
    expect(await wrong(ids, 'c@example.com')).toMatchObject({ field: 'edit.address' });
    expect(await wrong(ids.slice(0, 1), 'nobody')).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'edit.address',
    });
    const done = await replay({ ids: ids.slice(0, 1), edit: { address: 'c@example.com' } });
    const made = await collection<NotificationRecord>('notifications').findOne({
      _id: done.replays[0]?.id ?? '',
    });
    expect(made?.resend).toEqual({ deliveries: ids.slice(0, 1), address: 'c@example.com', anew: false });
    expect((await audit({ delivery: ids[0] }))[0]).toMatchObject({
      before: { address: expect.stringMatching(/^[ab]@example.com$/) },
      after: { address: 'c@example.com' },
    });
  });
});

describe('the audit trail', () => {
  it('tells of a cancel, once', async () => {
    const record = notification({ to: [] });
    await collection<NotificationRecord>('notifications').insertOne({ ...record });
    await graph.store.outbox.storePlans([emailPage(record, ['a@example.com', 'b@example.com'])], new Date());
    const cancel = () =>
      graph.run(OLGA, 'mutation ($id: ID!) { cancelNotification(id: $id) { state } }', { id: record._id });
    await Promise.all([cancel(), cancel(), cancel()]);
    expect(await audit({ notification: record._id })).toMatchObject([
      { action: 'CANCEL', count: 2, deliveries: [], notifications: [record._id], actor: { name: 'Olga' } },
    ]);
  });

  it('is read newest first, page by page, each workspace its own', async () => {
    const all = await audit();
    expect(all.length).toBeGreaterThan(5);
    const seen: unknown[] = [];
    let after: string | null = null;
    do {
      const page: Audited['auditEntries'] = (await graph.run<Audited>(OLGA, AUDIT, { first: 3, after }))
        .auditEntries;
      seen.push(...page.nodes.map((n) => n.id));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(all.map((n) => n.id));
    const times = all.map((n) => new Date(String(n.at)).getTime());
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect((await graph.run<Audited>({ ...OLGA, workspace: 'other' }, AUDIT)).auditEntries.nodes).toEqual([]);
  });
});
