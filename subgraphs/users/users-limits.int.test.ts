/** Limits, races between processes and who may see what, beyond `users-subgraph.int.test.ts`. */
import { createECDH, randomBytes } from 'node:crypto';
import { graphql } from 'graphql';
import type { Redis } from 'ioredis';
import type { Connection } from 'mongoose';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal, UserPrincipal } from '../../platform/auth/principal.ts';
import { InvalidationBus } from '../../platform/invalidation/invalidation-bus.ts';
import { redisNames } from '../../platform/names/redis-names.ts';
import { connectMongo } from '../../platform/storage/mongo.ts';
import { connectRedis, whenReady } from '../../platform/storage/redis.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { hashOfSecret } from './credentials/secrets.ts';
import { consoleAppId, createUsersSubgraph, type UsersRoom } from './index.ts';

const services = freshDatabase();
const log = pino({ level: 'silent' });
const JWT_SECRET = 'a-secret-of-at-least-thirty-two-characters';

/** What one process has: connections, caches and all. */
interface Process {
  readonly mongo: Connection;
  readonly room: UsersRoom;
  readonly bus: InvalidationBus;
  close(): Promise<void>;
}

async function startProcess(): Promise<Process> {
  const mongo = await connectMongo(services.mongodbUri, log);
  const publisher = connectRedis(services.redisUrl, 'commands', log);
  const subscriber: Redis = connectRedis(services.redisUrl, 'subscriber', log);
  await whenReady(publisher);
  const bus = new InvalidationBus(publisher, subscriber, redisNames(services.namespace).invalidations, log);
  await bus.start();
  const room = await createUsersSubgraph({
    connection: mongo,
    bus,
    log,
    jwtSecret: JWT_SECRET,
    vapidPublicKey: 'vapid-public-key',
  });
  return {
    mongo,
    room,
    bus,
    close: async () => {
      publisher.disconnect();
      subscriber.disconnect();
      await mongo.close();
    },
  };
}

let one: Process;
let two: Process;
beforeAll(async () => {
  // At once, as processes of a new installation start.
  [one, two] = await Promise.all([startProcess(), startProcess()]);
  await Promise.all([
    one.room.service.ensureWorkspace('default', 'Default'),
    two.room.service.ensureWorkspace('default', 'Default'),
    one.room.service.ensureWorkspace('other', 'Other'),
  ]);
});
afterAll(async () => {
  await Promise.all([one.close(), two.close()]);
});

const operator: Principal = { kind: 'operator', workspace: 'default', key: 'key_o', name: 'Op', root: true };
const stranger: Principal = { kind: 'operator', workspace: 'other', key: 'key_s', name: 'St', root: false };
const app: Principal = { kind: 'app', workspace: 'default', app: 'app_1', key: 'key_a', ratePerSecond: 1000 };
const user = (id: string): UserPrincipal => ({ kind: 'user', workspace: 'default', user: id, expiresAt: 0 });

interface Answer {
  readonly data: Record<string, unknown>;
  readonly errors: { code: unknown; field: unknown }[];
}
async function ask(
  source: string,
  principal: Principal | undefined,
  variables: Record<string, unknown> = {},
  process: Process = one,
): Promise<Answer> {
  const result = await graphql({
    schema: process.room.subgraph.schema,
    source,
    variableValues: variables,
    contextValue: { requestId: 'r', ...(principal && { principal }) },
  });
  const errors = (result.errors ?? []).map(({ message, extensions }) => {
    if (extensions.code === undefined) throw new Error(message);
    return { code: extensions.code, field: extensions.field };
  });
  return { data: JSON.parse(JSON.stringify(result.data ?? {})), errors };
}
const refusal = (code: string, field?: string) => [{ code, field }];
const until = async (condition: () => Promise<boolean>) => {
  const end = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('did not become true in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const UPSERT = `mutation ($users: [UserInput!]!) { upsertUsers(users: $users) {
  id name locale timezone email phone groups attributes addresses { channel address }
  preferences { category channel enabled } preferredChannels devices { endpoint } } }`;
const REGISTER = `mutation ($s: PushSubscriptionInput!, $ua: String) { registerPushSubscription(subscription: $s, userAgent: $ua) { id endpoint userAgent channel } }`;
const subscription = (endpoint: string) => ({
  endpoint,
  expirationTime: null,
  keys: {
    p256dh: createECDH('prime256v1').generateKeys().toString('base64url'),
    auth: randomBytes(16).toString('base64url'),
  },
});

describe('users', () => {
  it('keep attributes of any name and depth, and the locale in canonical form', async () => {
    let deep: unknown = 1;
    for (let i = 0; i < 500; i++) deep = [deep];
    const attributes = { 'a.b': { $c: null }, __proto__x: 1, deep };
    const { data } = await ask(UPSERT, app, { users: [{ id: 'odd', locale: 'en-us', attributes }] });
    expect(data).toMatchObject({ upsertUsers: [{ locale: 'en-US', attributes }] });
    expect((await two.room.service.recipients('default', ['odd'])).get('odd')?.attributes).toEqual(
      attributes,
    );
  });

  it('knows who is missing, who is in no group, per workspace', async () => {
    await ask(UPSERT, app, { users: [{ id: 'known', groups: ['team'] }] });
    const { service } = two.room;
    const asked = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        service.missingUsers('default', ['known', `nobody-${i}`, `nobody-${i}`]),
      ),
    );
    expect(asked).toEqual(Array.from({ length: 50 }, (_, i) => [`nobody-${i}`]));
    expect(await service.missingUsers('other', ['known'])).toEqual(['known']);
    expect(await service.emptyGroups('default', ['team', 'void', 'void'])).toEqual(['void']);
    expect(await service.emptyGroups('other', ['team'])).toEqual(['team']);
    // One who was missing is found as soon as they are there.
    await ask(UPSERT, app, { users: [{ id: 'nobody-1' }] });
    expect(await service.missingUsers('default', ['nobody-1'])).toEqual([]);
  });
});

describe('devices', () => {
  it('are removed when they are gone, in their own workspace only, and at most 50 are kept', async () => {
    await ask(UPSERT, app, { users: [{ id: 'd3' }] });
    const { service } = one.room;
    const devices = async () => (await service.recipients('default', ['d3'])).get('d3')?.devices ?? [];
    for (let i = 0; i <= 50; i++)
      await ask(REGISTER, user('d3'), { s: subscription(`https://push.example.com/d3/${i}`) });
    const kept = await devices();
    expect(kept).toHaveLength(50);
    expect(kept.some(({ endpoint }) => endpoint.endsWith('/50'))).toBe(true);
    const ids = kept.map(({ id }) => id);
    await service.removeDevices('other', ids);
    expect(await devices()).toHaveLength(50);
    await service.removeDevices('default', ids.slice(0, 49));
    expect((await devices()).map(({ id }) => id)).toEqual(ids.slice(49));
  });
});

describe('apps and keys', () => {
  it('work until they are revoked, which every process hears of', async () => {
    const created = await ask(
      'mutation { createApp(name: "Shop") { apiKey app { id name rateLimitPerSecond keys { id name hint revokedAt } } } }',
      operator,
    );
    const { apiKey, app: made } = created.data.createApp as {
      apiKey: string;
      app: { id: string; keys: { id: string; hint: string }[] };
    };
    expect(apiKey).toMatch(/^hk_[\w-]{43}$/);
    expect(made).toMatchObject({ name: 'Shop', rateLimitPerSecond: 1_000 });
    expect(made.keys).toEqual([
      { id: made.keys[0]?.id, name: 'Shop', hint: apiKey.slice(0, 8), revokedAt: null },
    ]);
    const stored = JSON.stringify(await one.mongo.collection('credentials').find().toArray());
    expect(stored).not.toContain(apiKey);

    const hash = hashOfSecret(apiKey);
    const key = made.keys[0]?.id;
    expect(await two.room.service.principalByKeyHash(hash)).toEqual({
      kind: 'app',
      workspace: 'default',
      app: made.id,
      key,
      ratePerSecond: 1000,
    });
    const BY_HASH = 'query ($h: String!) { principalByKeyHash(hash: $h) }';
    expect((await ask(BY_HASH, undefined, { h: hash })).data).toEqual({
      principalByKeyHash: { kind: 'app', workspace: 'default', app: made.id, key, ratePerSecond: 1000 },
    });
    expect((await ask(BY_HASH, undefined, { h: hashOfSecret('x') })).data).toEqual({
      principalByKeyHash: null,
    });

    const REVOKE = 'mutation ($id: ID!) { revokeKey(id: $id) { id revokedAt } }';
    const heard: string[] = [];
    two.bus.onInvalidation((message) => heard.push(`${message.topic} ${message.key}`));
    expect((await ask(REVOKE, stranger, { id: key })).errors).toEqual(refusal('NOT_FOUND'));
    expect((await ask(REVOKE, app, { id: key })).errors).toEqual(refusal('FORBIDDEN'));
    const revoked = await ask(REVOKE, operator, { id: key });
    expect(revoked.errors).toEqual([]);
    expect((await ask(REVOKE, operator, { id: key })).data).toEqual(revoked.data);
    expect(await one.room.service.principalByKeyHash(hash)).toBeUndefined();
    await until(async () => heard.includes(`key default:${key}`));

    const further = await ask(
      'mutation ($a: ID!) { createApiKey(app: $a, name: "next") { secret key { name } } }',
      operator,
      { a: made.id },
    );
    const { secret } = further.data.createApiKey as { secret: string };
    expect(await one.room.service.principalByKeyHash(hashOfSecret(secret))).toMatchObject({ app: made.id });
    expect(
      (
        await ask('mutation ($a: ID!) { createApiKey(app: $a, name: "n") { secret } }', stranger, {
          a: made.id,
        })
      ).errors,
    ).toEqual(refusal('NOT_FOUND'));
  });

  it.each([
    ['mutation { createApp(name: " ") { apiKey } }', 'name'],
    ['mutation { createApp(name: "x", rateLimitPerSecond: 0) { apiKey } }', 'rateLimitPerSecond'],
    ['mutation { createOperatorKey(name: "") { secret } }', 'name'],
    ['{ apps(first: 101) { nodes { id } } }', 'first'],
    ['{ apps(after: "!") { nodes { id } } }', 'after'],
    ['mutation { createWorkspace(id: "Not ok", name: "x") { operatorKey } }', 'id'],
  ])('%s is refused', async (source, field) => {
    expect((await ask(source, operator)).errors).toEqual(refusal('BAD_USER_INPUT', field));
  });

  it('show little to users', async () => {
    const id = consoleAppId('default');
    const entity = (fields: string) =>
      `query ($r: [_Any!]!) { _entities(representations: $r) { ... on App { ${fields} } } }`;
    const r = [{ __typename: 'App', id }];
    expect((await ask(entity('id name'), user('jane'), { r })).data).toEqual({
      _entities: [{ id, name: 'Console' }],
    });
    for (const field of ['rateLimitPerSecond', 'createdAt', 'keys { id }'])
      expect((await ask(entity(field), user('jane'), { r })).errors).toEqual(refusal('FORBIDDEN'));
    expect((await ask(entity('keys { id }'), app, { r })).errors).toEqual(refusal('FORBIDDEN'));
    expect((await ask(entity('id'), stranger, { r })).data).toEqual({ _entities: [null] });
    expect((await ask(`{ app(id: "${id}") { id } }`, stranger)).errors).toEqual(refusal('NOT_FOUND'));
    expect((await ask(`{ app(id: "${id}") { id } }`, app)).errors).toEqual(refusal('NOT_FOUND'));
    expect((await ask(`{ app(id: "${id}") { id } }`, operator)).data).toEqual({ app: { id } });
  });
});

describe('workspaces', () => {
  it('are made whole, once, by operators of the first', async () => {
    const CREATE =
      'mutation { createWorkspace(id: "acme", name: "Acme") { operatorKey workspace { id name } } }';
    expect((await ask(CREATE, stranger)).errors).toEqual(refusal('FORBIDDEN'));
    const both = await Promise.all([ask(CREATE, operator), ask(CREATE, operator, {}, two)]);
    expect(both.map(({ errors }) => errors).sort((a, b) => a.length - b.length)).toEqual([
      [],
      refusal('CONFLICT', 'id'),
    ]);
    const { data } = both[0].errors.length === 0 ? both[0] : both[1];
    const { operatorKey, workspace } = data.createWorkspace as { operatorKey: string; workspace: unknown };
    expect(workspace).toEqual({ id: 'acme', name: 'Acme' });
    const principal = await one.room.service.principalByKeyHash(hashOfSecret(operatorKey));
    expect(principal).toMatchObject({ kind: 'operator', workspace: 'acme', root: false });
    const { data: apps } = await ask(
      '{ apps { nodes { id name } } operatorKeys { name revokedAt } }',
      principal,
    );
    expect(apps).toEqual({
      apps: { nodes: [{ id: 'app_console_acme', name: 'Console' }] },
      operatorKeys: [{ name: 'First operator', revokedAt: null }],
    });
  });

  it('keep one operator key, whoever revokes at once', async () => {
    const own: Principal = { kind: 'operator', workspace: 'other', key: 'k', name: 'n', root: false };
    for (const name of ['a', 'b', 'c', 'd'])
      await ask(`mutation { createOperatorKey(name: "${name}") { secret } }`, own);
    const { data } = await ask('{ operatorKeys { id } }', own);
    const keys = data.operatorKeys as { id: string }[];
    const answers = await Promise.all(
      keys.map(({ id }, i) =>
        ask(`mutation { revokeKey(id: "${id}") { revokedAt } }`, own, {}, i % 2 ? one : two),
      ),
    );
    expect(answers.flatMap(({ errors }) => errors)).toEqual(refusal('CONFLICT', 'id'));
    const left = await ask('{ operatorKeys { revokedAt } }', own);
    expect(
      (left.data.operatorKeys as { revokedAt: unknown }[]).filter((k) => k.revokedAt === null),
    ).toHaveLength(1);
  });
});

describe('the start of processes', () => {
  it('stops when one secret is set for two things', async () => {
    const secret = 'hk_demo-secret-from-the-settings';
    await one.room.service.ensureAppWithKey({ workspace: 'default', id: 'app_demo', name: 'Demo', secret });
    await expect(one.room.service.ensureOperatorKey('default', secret, { root: true })).rejects.toThrow(
      'in use for something else',
    );
  });
});
