/** Segments through the graph, and who is in them. */
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../../platform/auth/principal.ts';
import type { HeraldEvent } from '../../../platform/event-log/events.ts';
import { SubgraphExecutor } from '../../../platform/graphql/subgraph-executor.ts';
import { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import { connectMongo } from '../../../platform/storage/mongo.ts';
import { connectRedis, whenReady } from '../../../platform/storage/redis.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import type { SegmentPlace } from '../contract.ts';
import { createUsersSubgraph } from '../index.ts';
import type { UserDocument } from '../store/records.ts';

const silent = pino({ level: 'silent' });
const services = freshDatabase();
let one: Awaited<ReturnType<typeof open>>;
let other: Awaited<ReturnType<typeof open>>;

/** As a process has it. */
async function open() {
  const connection = await connectMongo(services.mongodbUri, silent);
  const publisher = connectRedis(services.redisUrl, 'commands', silent);
  const subscriber = connectRedis(services.redisUrl, 'subscriber', silent);
  await Promise.all([publisher, subscriber].map((redis) => whenReady(redis)));
  const bus = new InvalidationBus(publisher, subscriber, `{${services.namespace}:segments-test}`, silent);
  await bus.start();
  const { service, subgraph } = await createUsersSubgraph({
    connection,
    bus,
    log: silent,
    jwtSecret: 'x'.repeat(32),
    vapidPublicKey: 'x',
  });
  const executor = new SubgraphExecutor(subgraph.schema, silent);
  return {
    connection,
    service,
    /** The data, or `CODE field` of the first error. */
    async ask(principal: Principal, query: string, variables: Record<string, unknown> = {}) {
      const { data, errors } = await executor.execute({ query, variables }, { requestId: 'test', principal });
      const { code, field } = errors?.[0]?.extensions ?? {};
      return errors?.[0] ? `${code}${field === undefined ? '' : ` ${field}`}` : data;
    },
    close: async () => {
      await subgraph.close();
      publisher.disconnect();
      subscriber.disconnect();
      await connection.close();
    },
  };
}

const operator = (workspace = 'default'): Principal => ({
  kind: 'operator',
  workspace,
  key: 'key_olga',
  name: 'Olga',
  root: false,
});
const app: Principal = { kind: 'app', workspace: 'default', app: 'app_1', key: 'key_1', ratePerSecond: 100 };
const ann: Principal = {
  kind: 'user',
  workspace: 'default',
  user: 'ann',
  expiresAt: Number.MAX_SAFE_INTEGER,
};

const SAVE = 'mutation ($input: SegmentInput!) { saveSegment(input: $input) { id name when } }';
const save = (id: string, when: string, by = operator()) =>
  one.ask(by, SAVE, { input: { id, name: `The ${id}`, when } });
const remove = (id: string, by = operator()) =>
  one.ask(by, 'mutation ($id: ID!) { deleteSegment(id: $id) }', { id });
const PREVIEW = `query ($id: ID, $when: String, $first: Int) { segmentPreview(id: $id, when: $when, first: $first) {
  users { id } matching scanned isWhole
} }`;
const upsert = (users: object[], workspace = 'default') =>
  one.ask(operator(workspace), 'mutation ($u: [UserInput!]!) { upsertUsers(users: $u) { id } }', {
    u: users,
  });

/** The members on each page. */
async function pagesOf(segment: string, limit: number, from: SegmentPlace = {}): Promise<string[][]> {
  const { users, next } = await one.service.segmentMembers('default', segment, from, limit);
  return [[...users], ...(next ? await pagesOf(segment, limit, next) : [])];
}
async function until<T>(read: () => Promise<T>, isGood: (value: T) => boolean): Promise<T> {
  for (const end = Date.now() + 30_000; ; ) {
    const value = await read();
    if (isGood(value)) return value;
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

beforeAll(async () => {
  [one, other] = await Promise.all([open(), open()]);
  await upsert([
    { id: 'ann', name: 'Ann', groups: ['vip'], attributes: { orders: 12 } },
    { id: 'bob', attributes: { orders: 2 } },
    { id: 'cid', groups: ['vip'] },
    { id: 'dan', attributes: { orders: 'many' } },
    { id: 'eve', attributes: { orders: 30 } },
  ]);
  // Their keys begin with those of "default".
  await upsert([{ id: 'zoe', attributes: { orders: 99 } }], 'default-2');
});
afterAll(async () => {
  await one?.close();
  await other?.close();
});

describe('a segment', () => {
  it('is made and changed by operators; apps read it, users know nothing of it', async () => {
    const input = { id: 'buyers', name: 'The buyers', when: 'user.attributes.orders >= 10' };
    expect(await save('buyers', input.when)).toEqual({ saveSegment: input });
    expect(await save('vips', '"vip" in user.groups')).toMatchObject({ saveSegment: { id: 'vips' } });
    const FIND =
      '{ segment(id: "buyers") { id name when } segments { nodes { id } pageInfo { hasNextPage } } }';
    expect(await one.ask(app, FIND)).toEqual({
      segment: input,
      segments: { nodes: [{ id: 'buyers' }, { id: 'vips' }], pageInfo: { hasNextPage: false } },
    });
    expect(await one.ask(operator('default-2'), '{ segments { nodes { id } } }')).toEqual({
      segments: { nodes: [] },
    });
    expect(await one.ask(operator('default-2'), FIND)).toBe('NOT_FOUND');
    expect(await one.ask(app, SAVE, { input })).toBe('FORBIDDEN');
    expect(await one.ask(app, 'mutation { deleteSegment(id: "buyers") }')).toBe('FORBIDDEN');
    expect(await one.ask(ann, FIND)).toBe('FORBIDDEN');
    expect(await one.ask(ann, PREVIEW, { id: 'buyers' })).toBe('FORBIDDEN');
  });

  it('is listed page by page', async () => {
    const PAGE =
      'query ($a: String) { segments(first: 1, after: $a) { nodes { id } pageInfo { endCursor } } }';
    const first = (await one.ask(app, PAGE)) as { segments: { pageInfo: { endCursor: string } } };
    const { endCursor } = first.segments.pageInfo;
    expect(await one.ask(app, PAGE, { a: endCursor })).toMatchObject({
      segments: { nodes: [{ id: 'vips' }] },
    });
  });

  it.each<[field: string, input: object]>([
    ['input.id', { id: 'a b', name: 'A', when: 'true' }],
    ['input.name', { id: 'a', name: ' ', when: 'true' }],
    ['input.when', { id: 'a', name: 'A', when: '' }],
    ['input.when', { id: 'a', name: 'A', when: 'user.id ==' }],
    ['input.when', { id: 'a', name: 'A', when: 'data.total > 1' }],
    ['input.when', { id: 'a', name: 'A', when: 'size(user.groups)' }],
  ])('is refused with its field: %s', async (field, input) => {
    expect(await one.ask(operator(), SAVE, { input })).toBe(`BAD_USER_INPUT ${field}`);
  });

  it('has for members whom its condition holds for, page by page; a page may have none', async () => {
    expect(await pagesOf('buyers', 2)).toEqual([['ann'], [], ['eve']]);
    expect(await pagesOf('vips', 500)).toEqual([['ann', 'cid']]);
    expect(await pagesOf('nothing', 500)).toEqual([[]]);
    expect(await one.service.segmentMembers('default-2', 'buyers', {}, 500)).toEqual({ users: [] });
  });

  it('goes on with the condition that it began with', async () => {
    await save('moving', 'true');
    const { next = {} } = await one.service.segmentMembers('default', 'moving', {}, 2);
    await save('moving', 'false');
    expect(await pagesOf('moving', 2, next)).toEqual([['cid', 'dan'], ['eve']]);
    expect(await pagesOf('moving', 5)).toEqual([[], []]);
    await remove('moving');
    expect(await pagesOf('moving', 2, next)).toEqual([['cid', 'dan'], ['eve']]);
  });

  it('changes, and goes, on other processes too', async () => {
    const members = async () => (await other.service.segmentMembers('default', 'short', {}, 500)).users;
    await save('short', 'user.id == "ann"');
    expect(await members()).toEqual(['ann']);
    await save('short', 'user.id == "bob"');
    await until(members, (users) => users[0] === 'bob');
    expect(await other.service.missingSegments('default', ['short', 'none', 'none'])).toEqual(['none']);
    expect(await remove('short')).toEqual({ deleteSegment: true });
    expect(await remove('short')).toEqual({ deleteSegment: false });
    await until(
      () => other.service.missingSegments('default', ['short']),
      (missing) => missing.length === 1,
    );
  });
});

describe('a preview', () => {
  it('tells who is in a segment, or would be in one', async () => {
    expect(await one.ask(app, PREVIEW, { id: 'buyers' })).toEqual({
      segmentPreview: { users: [{ id: 'ann' }, { id: 'eve' }], matching: 2, scanned: 5, isWhole: true },
    });
    expect(await one.ask(operator(), PREVIEW, { when: 'user.id != "bob"', first: 1 })).toEqual({
      segmentPreview: { users: [{ id: 'ann' }], matching: 4, scanned: 5, isWhole: true },
    });
  });

  it.each<[told: string, variables: object]>([
    ['BAD_USER_INPUT id', {}],
    ['BAD_USER_INPUT id', { id: 'buyers', when: 'true' }],
    ['BAD_USER_INPUT when', { when: 'user.' }],
    ['BAD_USER_INPUT first', { id: 'buyers', first: 0 }],
    ['NOT_FOUND', { id: 'nothing' }],
  ])('is refused: %s', async (told, variables) => {
    expect(await one.ask(app, PREVIEW, { ...variables })).toBe(told);
  });

  it('looks at 5,000 users at most', async () => {
    const now = new Date();
    // Upserts of so many take half a minute on a busy machine.
    await one.connection.collection<UserDocument>('users').insertMany(
      Array.from({ length: 5_600 }, (_, n): UserDocument => {
        const id = `u${String(n).padStart(5, '0')}`;
        const none = { groups: [], groupKeys: [], addresses: [], preferences: [], preferredChannels: [] };
        return {
          _id: `large:${id}`,
          workspace: 'large',
          id,
          ...none,
          attributes: '{}',
          createdAt: now,
          updatedAt: now,
        };
      }),
    );
    expect(await one.ask(operator('large'), PREVIEW, { when: 'user.id.endsWith("00")', first: 2 })).toEqual({
      segmentPreview: {
        users: [{ id: 'u00000' }, { id: 'u00100' }],
        matching: 50,
        scanned: 5_000,
        isWhole: false,
      },
    });
  });
});

describe('what people open and click', () => {
  let deliveries = 0;
  const event = (type: HeraldEvent['type'], user: string | undefined, at = Date.now()): HeraldEvent =>
    ({
      v: 1,
      type,
      workspace: 'default',
      app: 'app_1',
      notification: 'ntf_1',
      delivery: `dlv_${deliveries++}`,
      channel: 'EMAIL',
      state: 'DELIVERED',
      at,
      ...(user !== undefined && { user }),
    }) as HeraldEvent;
  const ACTIVITY =
    'query ($id: ID!) { user(id: $id) { lastOpenedAt counts { opened clicked openedRecently clickedRecently } } }';
  const counted = async (id: string) =>
    (await one.service.recipients('default', [id])).get(id)?.counts ?? { opened: 0 };

  it('is known to planning and segments, whichever process heard of it, and stays when the user is replaced', async () => {
    expect(await one.ask(ann, ACTIVITY, { id: 'ann' })).toEqual({
      user: {
        lastOpenedAt: null,
        counts: { opened: 0, clicked: 0, openedRecently: 0, clickedRecently: 0 },
      },
    });
    expect(await counted('ann')).toEqual({ opened: 0 });
    const now = Date.now();
    const longAgo = now - 40 * 24 * 3_600_000;
    one.service.engaged([
      event('delivery.opened', 'ann', longAgo),
      event('delivery.clicked', 'ann', now - 5),
      event('delivery.sent', 'ann'),
      event('delivery.opened', undefined),
      event('delivery.opened', 'gone'),
    ]);
    other.service.engaged([event('delivery.opened', 'ann', now), event('delivery.opened', 'ann', now - 9)]);
    await until(
      () => counted('ann'),
      ({ opened }) => opened === 3,
    );
    await upsert([{ id: 'ann', name: 'Ann Again', attributes: { orders: 12 } }]);
    expect(await one.ask(ann, ACTIVITY, { id: 'ann' })).toEqual({
      user: {
        lastOpenedAt: new Date(now).toISOString(),
        counts: { opened: 3, clicked: 1, openedRecently: 2, clickedRecently: 1 },
      },
    });
    await save('readers', 'has(user.lastOpenedAt) && now - user.lastOpenedAt < duration("1h")');
    expect(await pagesOf('readers', 500)).toEqual([['ann']]);
    await save('sleepers', 'user.counts.openedRecently == 0');
    expect(await pagesOf('sleepers', 500)).toEqual([['bob', 'cid', 'dan', 'eve']]);
    expect(await one.service.missingUsers('default', ['gone'])).toEqual(['gone']);
  });

  it('is written down before a process ends', async () => {
    const third = await open();
    third.service.engaged([event('delivery.opened', 'bob'), event('delivery.opened', 'cid')]);
    await third.close();
    expect([await counted('bob'), await counted('cid')]).toMatchObject([{ opened: 1 }, { opened: 1 }]);
  });
});
