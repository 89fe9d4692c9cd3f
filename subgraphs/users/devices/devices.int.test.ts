import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../../platform/auth/principal.ts';
import { SubgraphExecutor } from '../../../platform/graphql/subgraph-executor.ts';
import { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import { derivedId } from '../../../platform/names/ids.ts';
import { connectMongo } from '../../../platform/storage/mongo.ts';
import { connectRedis, whenReady } from '../../../platform/storage/redis.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import { createUsersSubgraph } from '../index.ts';

const silent = pino({ level: 'silent' });
const services = freshDatabase();
let one: Awaited<ReturnType<typeof open>>;

async function open() {
  const connection = await connectMongo(services.mongodbUri, silent);
  const publisher = connectRedis(services.redisUrl, 'commands', silent);
  const subscriber = connectRedis(services.redisUrl, 'subscriber', silent);
  await Promise.all([publisher, subscriber].map((redis) => whenReady(redis)));
  const bus = new InvalidationBus(publisher, subscriber, `{${services.namespace}:devices-test}`, silent);
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
    async ask<T>(
      principal: Principal,
      query: string,
      variables: Record<string, unknown>,
    ): Promise<T | string> {
      const { data, errors } = await executor.execute({ query, variables }, { requestId: 'test', principal });
      const { code, field } = errors?.[0]?.extensions ?? {};
      return errors?.[0] ? `${code}${field === undefined ? '' : ` ${field}`}` : (data as T);
    },
    close: async () => {
      await subgraph.close();
      publisher.disconnect();
      subscriber.disconnect();
      await connection.close();
    },
  };
}

const app: Principal = { kind: 'app', workspace: 'default', app: 'app_1', key: 'key_1', ratePerSecond: 100 };
const user = (id: string, workspace = 'default'): Principal => ({
  kind: 'user',
  workspace,
  user: id,
  expiresAt: Number.MAX_SAFE_INTEGER,
});

const REGISTER = /* GraphQL */ `
  mutation ($device: DeviceInput!, $user: ID) {
    registerDevice(device: $device, user: $user) { id channel platform endpoint name model appVersion }
  }
`;
interface Registered {
  readonly registerDevice: { readonly id: string };
}
const register = async (principal: Principal, device: object, named?: string): Promise<string> => {
  const answer = await one.ask<Registered>(principal, REGISTER, { device, user: named });
  if (typeof answer === 'string') throw new Error(answer);
  return answer.registerDevice.id;
};
const phone = (token: string, more: object = {}) => ({ token, platform: 'ANDROID', ...more });
const devicesOf = async (id: string) =>
  (await one.service.recipients('default', [id])).get(id)?.devices ?? [];
const setSeen = (collection: string, _id: string, lastSeenAt: Date) =>
  one.connection.collection<{ _id: string }>(collection).updateOne({ _id }, { $set: { lastSeenAt } });
const seenAt = async (collection: string, _id: string) =>
  (await one.connection.collection<{ _id: string; lastSeenAt?: Date }>(collection).findOne({ _id }))
    ?.lastSeenAt;
async function until<T>(read: () => Promise<T>, isGood: (value: T) => boolean): Promise<T> {
  for (const end = Date.now() + 30_000; ; ) {
    const value = await read();
    if (isGood(value)) return value;
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

beforeAll(async () => {
  one = await open();
  await one.ask(app, 'mutation ($u: [UserInput!]!) { upsertUsers(users: $u) { id } }', {
    u: ['ann', 'bob', 'cid', 'dan', 'eve', 'fay'].map((id) => ({ id })),
  });
});
afterAll(() => one.close());

describe('phones', () => {
  it('are registered by their user, and are known to planning', async () => {
    const device = phone('fcm:token-of-ann', { name: 'My phone', model: 'Pixel 9', appVersion: '1.2.3' });
    expect(await one.ask(user('ann'), REGISTER, { device })).toEqual({
      registerDevice: {
        id: expect.stringMatching(/^dev_/),
        channel: 'MOBILE_PUSH',
        platform: 'ANDROID',
        endpoint: 'token-of-ann',
        name: 'My phone',
        model: 'Pixel 9',
        appVersion: '1.2.3',
      },
    });
    expect(await devicesOf('ann')).toEqual([
      {
        id: expect.any(String),
        channel: 'MOBILE_PUSH',
        endpoint: 'token-of-ann',
        lastSeenAt: expect.any(Date),
      },
    ]);
  });

  it('are one however the token is written, and go to whoever registers last, without what was said of them', async () => {
    const id = await register(user('bob'), phone('fcm:shared', { name: 'of Bob' }));
    expect(await register(user('cid'), phone('shared'))).toBe(id);
    expect(await devicesOf('bob')).toEqual([]);
    const { user: found } = (await one.ask<{ user: { devices: object[] } }>(
      app,
      '{ user(id: "cid") { devices { id name platform lastSeenAt } } }',
      {},
    )) as { user: { devices: object[] } };
    expect(found.devices).toEqual([{ id, name: null, platform: 'ANDROID', lastSeenAt: expect.any(String) }]);
  });

  it('are registered and removed by apps for a user they name', async () => {
    const id = await register(app, phone(`apns:${'0f'.repeat(32)}`, { platform: 'IOS' }), 'dan');
    expect((await devicesOf('dan')).map((device) => device.id)).toEqual([id]);
    const REMOVE = 'mutation ($id: ID!, $user: ID) { removeDevice(id: $id, user: $user) }';
    expect(await one.ask(app, REMOVE, { id })).toBe('BAD_USER_INPUT user');
    expect(await one.ask(user('ann'), REMOVE, { id })).toEqual({ removeDevice: false });
    expect(await one.ask(app, REMOVE, { id, user: 'dan' })).toEqual({ removeDevice: true });
    expect(await one.ask(app, REMOVE, { id, user: 'dan' })).toEqual({ removeDevice: false });
    expect(await devicesOf('dan')).toEqual([]);
  });

  it.each<[string, Principal, object, string | undefined, string]>([
    ['for somebody else', user('ann'), phone('t'), 'bob', 'FORBIDDEN'],
    ['by an app for nobody', app, phone('t'), undefined, 'BAD_USER_INPUT user'],
    ['by an app for one who is not there', app, phone('t'), 'nobody', 'NOT_FOUND user'],
    ['as a topic', user('ann'), phone('topic:all'), undefined, 'BAD_USER_INPUT device.token'],
    [
      'with a name of two lines',
      user('ann'),
      phone('t', { name: 'a\nb' }),
      undefined,
      'BAD_USER_INPUT device.name',
    ],
  ])('are not registered %s', async (_, principal, device, named, expected) =>
    expect(await one.ask(principal, REGISTER, { device, user: named })).toBe(expected),
  );

  it('that their push service does not know any more are removed as browsers are', async () => {
    const id = await register(user('dan'), phone('gone'));
    await one.service.removeDevices('elsewhere', [id]);
    expect(await devicesOf('dan')).toHaveLength(1);
    await one.service.removeDevices('default', [id]);
    expect(await devicesOf('dan')).toEqual([]);
  });

  it('of another workspace are others', async () => {
    const id = await register(user('eve', 'elsewhere'), phone('two-workspaces'));
    expect(id).not.toBe(await register(user('eve'), phone('two-workspaces')));
  });
});

describe('last seen', () => {
  const SEEN = 'mutation ($id: ID, $endpoint: String) { deviceSeen(id: $id, endpoint: $endpoint) }';
  const LONG_AGO = new Date('2020-01-01T00:00:00Z');
  const lastSeenOf = async (id: string) =>
    (
      (await one.ask(app, 'query ($id: ID!) { user(id: $id) { lastSeenAt } }', { id })) as {
        user: { lastSeenAt: string | null };
      }
    ).user.lastSeenAt;

  it('a device that says so was seen, and with it its user; nobody else’s can', async () => {
    const id = await register(user('eve'), phone('of-eve'));
    await setSeen('devices', id, LONG_AGO);
    expect(await one.ask(user('ann'), SEEN, { id })).toEqual({ deviceSeen: false });
    expect(await one.ask(user('eve'), SEEN, {})).toBe('BAD_USER_INPUT id');
    expect(await seenAt('devices', id)).toEqual(LONG_AGO);
    expect(await one.ask(user('eve'), SEEN, { id })).toEqual({ deviceSeen: true });
    const at = await until(
      () => seenAt('devices', id),
      (time) => Number(time) > Number(LONG_AGO),
    );
    expect(Date.now() - Number(at)).toBeLessThan(60_000);
    await until(
      () => lastSeenOf('eve'),
      (time) => time !== null,
    );
  });

  it('is written once for many signs, and only of those who are there', async () => {
    await setSeen('users', 'default:fay', LONG_AGO);
    for (let i = 0; i < 1_000; i++)
      one.service.seen({ workspace: 'default', user: 'fay', device: 'dev_gone' });
    const first = await until(
      () => seenAt('users', 'default:fay'),
      (time) => Number(time) > Number(LONG_AGO),
    );
    await setSeen('users', 'default:fay', LONG_AGO);
    const later = await register(user('dan'), phone('of-dan'));
    await setSeen('devices', later, LONG_AGO);
    one.service.seen({ workspace: 'default', user: 'fay' });
    one.service.seen({ workspace: 'default', user: 'eve', device: 'dev_gone' });
    // What is written of those before is written together with these.
    one.service.seen({ workspace: 'default', user: 'dan', device: later });
    for (const [collection, id] of [
      ['users', 'default:dan'],
      ['devices', later],
    ] as const)
      await until(
        () => seenAt(collection, id),
        (time) => time !== undefined && time > LONG_AGO,
      );
    expect(first).toBeInstanceOf(Date);
    expect(await seenAt('users', 'default:fay')).toEqual(LONG_AGO);
    expect(
      await one.connection.collection<{ _id: string }>('devices').findOne({ _id: 'dev_gone' }),
    ).toBeNull();
  });

  it('of a user who was never heard of is nothing, and otherwise also that of a device', async () => {
    await one.ask(app, 'mutation ($u: [UserInput!]!) { upsertUsers(users: $u) { id } }', {
      u: [{ id: 'new' }],
    });
    expect(await lastSeenOf('new')).toBeNull();
    const id = await register(user('new'), phone('of-new'));
    await setSeen('devices', id, LONG_AGO);
    expect(await lastSeenOf('new')).toBe('2020-01-01T00:00:00.000Z');
  });
});

it('browsers that were registered before there were phones go on as they are', async () => {
  const _id = derivedId('dev', 'default', 'https://push.example.com/old');
  const updatedAt = new Date('2024-01-01T00:00:00Z');
  const old = {
    _id,
    workspace: 'default',
    user: 'default:bob',
    endpoint: 'https://push.example.com/old',
    p256dh: 'p',
    auth: 'a',
    createdAt: updatedAt,
    updatedAt,
  };
  await one.connection.collection<typeof old>('devices').insertOne(old);
  await one.ask(app, 'mutation ($u: [UserInput!]!) { upsertUsers(users: $u) { id } }', {
    u: [{ id: 'bob' }],
  });
  expect(await devicesOf('bob')).toEqual([
    {
      id: _id,
      channel: 'WEB_PUSH',
      endpoint: old.endpoint,
      keys: { p256dh: 'p', auth: 'a' },
      lastSeenAt: updatedAt,
    },
  ]);
});
