import { createECDH, hash } from 'node:crypto';
import { jwtVerify } from 'jose';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/auth/principal.ts';
import { SubgraphExecutor } from '../../platform/graphql/subgraph-executor.ts';
import { type Invalidation, InvalidationBus } from '../../platform/invalidation/invalidation-bus.ts';
import { connectMongo } from '../../platform/storage/mongo.ts';
import { connectRedis, whenReady } from '../../platform/storage/redis.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { consoleAppId, createUsersSubgraph, openPeople, personFinder } from './index.ts';

const JWT_SECRET = 'a-secret-of-at-least-32-characters!';
const VAPID_PUBLIC_KEY = 'vapid-public-key';
const P256DH = createECDH('prime256v1').generateKeys('base64url').replace(/=+$/, '');
const AUTH = Buffer.alloc(16, 9).toString('base64url');

const silent = pino({ level: 'silent' });
const services = freshDatabase();
type Process = Awaited<ReturnType<typeof openProcess>>;
let one: Process;
let others: Process[];

/** What a process of the users subgraph has: its own connections, caches and bus. */
async function openProcess() {
  const connection = await connectMongo(services.mongodbUri, silent);
  const publisher = connectRedis(services.redisUrl, 'commands', silent);
  const subscriber = connectRedis(services.redisUrl, 'subscriber', silent);
  await Promise.all([publisher, subscriber].map((redis) => whenReady(redis)));
  const bus = new InvalidationBus(publisher, subscriber, `{${services.namespace}:users-test}`, silent);
  await bus.start();
  const told: Invalidation[] = [];
  bus.onInvalidation((message) => told.push(message));
  const { service, subgraph } = await createUsersSubgraph({
    connection,
    bus,
    log: silent,
    jwtSecret: JWT_SECRET,
    vapidPublicKey: VAPID_PUBLIC_KEY,
  });
  const executor = new SubgraphExecutor(subgraph.schema, silent);
  return {
    connection,
    bus,
    service,
    told,
    run: (query: string, variables: Record<string, unknown>, principal?: Principal) =>
      executor.execute({ query, variables }, { requestId: 'test', ...(principal && { principal }) }),
    close: async () => {
      await subgraph.close();
      publisher.disconnect();
      subscriber.disconnect();
      await connection.close();
    },
  };
}

beforeAll(async () => {
  [one, ...others] = await Promise.all([
    openProcess(),
    openProcess(),
    openProcess(),
    openProcess(),
    openProcess(),
  ]);
});
afterAll(async () => {
  await Promise.all([one, ...others].map((process) => process.close()));
});

const operatorOf = (workspace: string, root = false): Principal => ({
  kind: 'operator',
  workspace,
  key: 'key_operator',
  name: 'Olga',
  root,
});
const appOf = (workspace: string): Principal => ({
  kind: 'app',
  workspace,
  app: 'app_test',
  key: 'key_app',
  ratePerSecond: 1000,
});
const userOf = (workspace: string, user: string): Principal => ({
  kind: 'user',
  workspace,
  user,
  expiresAt: Math.floor(Date.now() / 1000) + 60,
});

type Data = Record<string, unknown>;

/** The answer's data. @throws Error when there is an error in the answer. */
async function ok<T = Data>(
  query: string,
  variables: Data,
  principal?: Principal,
  process = one,
): Promise<T> {
  const { data, errors } = await process.run(query, variables, principal);
  if (errors) throw new Error(errors.map((error) => JSON.stringify(error)).join('\n'));
  return JSON.parse(JSON.stringify(data)) as T;
}

/** `CODE` or `CODE field` of the first error. */
async function refusal(query: string, variables: Data, principal?: Principal): Promise<string> {
  const { errors } = await one.run(query, variables, principal);
  const { code, field } = errors?.[0]?.extensions ?? {};
  return field === undefined ? String(code) : `${code} ${field}`;
}

const UPSERT = /* GraphQL */ `
  mutation ($users: [UserInput!]!) {
    upsertUsers(users: $users) {
      id name locale timezone email phone groups attributes preferredChannels
      addresses { channel address } preferences { category channel enabled } devices { endpoint }
    }
  }
`;
const USER = 'query ($id: ID!) { user(id: $id) { id name email } }';
const upsert = (workspace: string, ...users: Data[]) =>
  ok<{ upsertUsers: Data[] }>(UPSERT, { users }, appOf(workspace)).then((data) => data.upsertUsers);

describe('upsertUsers', () => {
  it('creates with defaults, in the order of the input', async () => {
    const users = await upsert(
      'default',
      { id: 'zoe' },
      { id: 'amy', name: 'Amy', attributes: { $plan: { 'a.b': 1 } } },
    );
    expect(users).toEqual([
      expect.objectContaining({
        id: 'zoe',
        name: null,
        groups: [],
        addresses: [],
        preferredChannels: ['IN_APP'],
      }),
      expect.objectContaining({ id: 'amy', name: 'Amy', attributes: { $plan: { 'a.b': 1 } } }),
    ]);
  });

  it('replaces the profile and keeps preferences and devices', async () => {
    await upsert('default', {
      id: 'rex',
      name: 'Rex',
      email: 'rex@example.com',
      phone: '+15005550006',
      groups: ['vip'],
      addresses: [{ channel: 'TELEGRAM', address: '1' }],
      preferredChannels: ['EMAIL'],
    });
    await ok(
      'mutation { setPreferences(preferences: [{ category: "ads", channel: EMAIL, enabled: false }]) { id } }',
      {},
      userOf('default', 'rex'),
    );
    await register('rex', 'https://push.example.com/rex');
    const [replaced] = await upsert('default', { id: 'rex', locale: 'pt-BR', timezone: 'Europe/Lisbon' });
    expect(replaced).toMatchObject({
      name: null,
      email: null,
      phone: null,
      locale: 'pt-BR',
      timezone: 'Europe/Lisbon',
      groups: [],
      addresses: [],
      preferredChannels: ['IN_APP'],
      preferences: [{ category: 'ads', channel: 'EMAIL', enabled: false }],
      devices: [{ endpoint: 'https://push.example.com/rex' }],
    });
    expect(await one.service.groupMembers('default', 'vip', undefined, 10)).not.toContain('rex');
  });

  it('writes nothing when one of them is wrong', async () => {
    const users = [{ id: 'good-1' }, { id: 'good-2' }, { id: 'bad', email: 'no mail' }];
    expect(await refusal(UPSERT, { users }, appOf('default'))).toBe('BAD_USER_INPUT users.2.email');
    expect(await one.service.missingUsers('default', ['good-1', 'good-2', 'bad'])).toEqual([
      'good-1',
      'good-2',
      'bad',
    ]);
  });

  it('takes 1 to 1,000 users, each id once', async () => {
    const ids = (count: number) => Array.from({ length: count }, (_, i) => ({ id: `bulk-${i}` }));
    expect(await refusal(UPSERT, { users: [] }, appOf('default'))).toBe('BAD_USER_INPUT users');
    expect(await refusal(UPSERT, { users: ids(1_001) }, appOf('default'))).toBe('BAD_USER_INPUT users');
    expect(await refusal(UPSERT, { users: [{ id: 'a' }, { id: 'a' }] }, appOf('default'))).toBe(
      'BAD_USER_INPUT users.1.id',
    );
    expect(await upsert('default', ...ids(1_000))).toHaveLength(1_000);
  });

  it('is safe when several processes create the same users at once', async () => {
    const users = Array.from({ length: 20 }, (_, i) => ({ id: `raced-${i}`, name: 'Same' }));
    const answers = await Promise.all(
      [one, ...others].map((p) => ok(UPSERT, { users }, appOf('default'), p)),
    );
    expect(answers).toHaveLength(5);
    const ids = users.map(({ id }) => id);
    expect((await one.service.recipients('default', ids)).size).toBe(20);
  });

  it('is for apps and operators', async () => {
    expect(await refusal(UPSERT, { users: [{ id: 'x' }] }, userOf('default', 'x'))).toBe('FORBIDDEN');
    expect(await refusal(UPSERT, { users: [{ id: 'x' }] })).toBe('UNAUTHENTICATED');
  });
});

describe('what sending asks', () => {
  it('knows a user as soon as it was written, on every process', async () => {
    const [other = one] = others;
    expect(await one.service.missingUsers('default', ['soon', 'soon', 'never'])).toEqual(['soon', 'never']);
    expect(await other.service.missingUsers('default', ['soon'])).toEqual(['soon']);
    await upsert('default', { id: 'soon' });
    expect(await one.service.missingUsers('default', ['soon', 'never'])).toEqual(['never']);
    expect(await other.service.missingUsers('default', ['soon', 'never'])).toEqual(['never']);
  });

  it('answers many concurrent lookups each for itself', async () => {
    await upsert('default', ...Array.from({ length: 50 }, (_, i) => ({ id: `known-${i}` })));
    const [other = one] = others;
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        other.service.missingUsers('default', [`known-${i}`, `unknown-${i}`]),
      ),
    );
    expect(answers).toEqual(Array.from({ length: 50 }, (_, i) => [`unknown-${i}`]));
  });

  it('pages through a group by user id', async () => {
    const ids = Array.from({ length: 25 }, (_, i) => `member-${String(i).padStart(2, '0')}`);
    await upsert('default', ...ids.toReversed().map((id) => ({ id, groups: ['paged', 'other'] })));
    await upsert('elsewhere', { id: 'member-99', groups: ['paged'] });
    const seen: string[] = [];
    for (;;) {
      const page = await one.service.groupMembers('default', 'paged', seen.at(-1), 10);
      expect(page.length).toBeLessThanOrEqual(10);
      if (page.length === 0) break;
      seen.push(...page);
    }
    expect(seen).toEqual(ids);
    expect(await one.service.emptyGroups('default', ['paged', 'nobody', 'other'])).toEqual(['nobody']);
    expect(await one.service.emptyGroups('elsewhere', ['other'])).toEqual(['other']);
  });

  it('gives recipients with devices, without what is not there', async () => {
    await upsert('default', {
      id: 'rita',
      email: 'rita@example.com',
      groups: ['g'],
      attributes: { plan: 'pro' },
      addresses: [{ channel: 'SLACK', address: '#rita' }],
    });
    await register('rita', 'https://push.example.com/rita');
    const recipients = await one.service.recipients('default', ['rita', 'nobody']);
    expect([...recipients.keys()]).toEqual(['rita']);
    expect(recipients.get('rita')).toEqual({
      workspace: 'default',
      id: 'rita',
      email: 'rita@example.com',
      groups: ['g'],
      attributes: { plan: 'pro' },
      addresses: [{ channel: 'SLACK', address: '#rita' }],
      preferences: [],
      preferredChannels: ['IN_APP'],
      // Of the device.
      lastSeenAt: expect.any(Date),
      devices: [
        {
          id: expect.stringMatching(/^dev_/),
          endpoint: 'https://push.example.com/rita',
          keys: { p256dh: P256DH, auth: AUTH },
          lastSeenAt: expect.any(Date),
          channel: 'WEB_PUSH',
        },
      ],
    });
  });
});

describe('what previews ask', () => {
  it('knows a person by a connection alone', async () => {
    await upsert('default', { id: 'pat', name: 'Pat', locale: 'de', attributes: { plan: 'pro' } });
    const find = personFinder(openPeople(one));
    expect(await find('default', 'pat')).toMatchObject({
      locale: 'de',
      variables: { id: 'pat', name: 'Pat', attributes: { plan: 'pro' }, counts: { opened: 0 } },
    });
    expect(await find('default', 'nobody-at-all')).toBeUndefined();
    expect(await find('other', 'pat')).toBeUndefined();
  });
});

describe('workspaces', () => {
  it('do not see each other', async () => {
    await upsert('red', { id: 'same', name: 'Red', email: 'red@example.com' });
    await upsert('blue', { id: 'same', name: 'Blue' }, { id: 'blue-only' });
    expect(await ok(USER, { id: 'same' }, appOf('red'))).toMatchObject({ user: { name: 'Red' } });
    expect(await ok(USER, { id: 'same' }, appOf('blue'))).toMatchObject({
      user: { name: 'Blue', email: null },
    });
    expect(await refusal(USER, { id: 'blue-only' }, operatorOf('red'))).toBe('NOT_FOUND');
    expect(await one.service.missingUsers('red', ['same', 'blue-only'])).toEqual(['blue-only']);
    const { createApp: made } = await createApp('blue');
    expect(
      await refusal('query ($id: ID!) { app(id: $id) { id } }', { id: made.app.id }, operatorOf('red')),
    ).toBe('NOT_FOUND');
    expect(await refusal(CREATE_KEY, { app: made.app.id }, operatorOf('red'))).toBe('NOT_FOUND');
    const [key] = made.app.keys;
    expect(await refusal(REVOKE, { id: key?.id }, operatorOf('red'))).toBe('NOT_FOUND');
    expect(await one.service.principalByKeyHash(hash('sha256', made.apiKey, 'hex'))).toBeDefined();
  });

  it('resolve references in their own workspace, and users only their own', async () => {
    await upsert('red', { id: 'me' }, { id: 'you' });
    const { createApp: made } = await createApp('red');
    const ENTITIES = /* GraphQL */ `
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) { ... on User { id } ... on App { id name } }
      }
    `;
    const representations = [
      { __typename: 'User', id: 'me' },
      { __typename: 'User', id: 'you' },
      { __typename: 'User', id: 'nobody' },
      { __typename: 'App', id: made.app.id },
    ];
    const app = { id: made.app.id, name: 'Shop' };
    expect(await ok(ENTITIES, { representations }, appOf('red'))).toEqual({
      _entities: [{ id: 'me' }, { id: 'you' }, null, app],
    });
    expect(await ok(ENTITIES, { representations }, userOf('red', 'me'))).toEqual({
      _entities: [{ id: 'me' }, null, null, app],
    });
    expect(await ok(ENTITIES, { representations: representations.slice(3) }, appOf('blue'))).toEqual({
      _entities: [null],
    });
    const KEYS = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on App { keys { id } } } }';
    const RATE =
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on App { rateLimitPerSecond } } }';
    const r = representations.slice(3);
    expect(await refusal(KEYS, { r }, appOf('red'))).toBe('FORBIDDEN');
    expect(await refusal(RATE, { r }, userOf('red', 'me'))).toBe('FORBIDDEN');
  });

  it('are made by root operators, with an operator key that works and a console app', async () => {
    const CREATE =
      'mutation ($id: ID!) { createWorkspace(id: $id, name: "Green") { workspace { id name } operatorKey } }';
    expect(await refusal(CREATE, { id: 'green' }, operatorOf('default'))).toBe('FORBIDDEN');
    expect(await refusal(CREATE, { id: 'Not An Id' }, operatorOf('default', true))).toBe('BAD_USER_INPUT id');
    const { createWorkspace } = await ok<{ createWorkspace: { operatorKey: string } }>(
      CREATE,
      { id: 'green' },
      operatorOf('default', true),
    );
    const principal = await one.service.principalByKeyHash(
      hash('sha256', createWorkspace.operatorKey, 'hex'),
    );
    expect(principal).toMatchObject({ kind: 'operator', workspace: 'green', root: false });
    expect(await ok('{ apps { nodes { id name } } }', {}, principal)).toEqual({
      apps: { nodes: [{ id: consoleAppId('green'), name: 'Console' }] },
    });
    expect(await refusal(CREATE, { id: 'green' }, operatorOf('default', true))).toMatch(/^CONFLICT/);
  });
});

const CREATE_APP = /* GraphQL */ `
  mutation ($name: String!, $rate: Int) {
    createApp(name: $name, rateLimitPerSecond: $rate) { apiKey app { id name rateLimitPerSecond keys { id hint } } }
  }
`;
const CREATE_KEY =
  'mutation ($app: ID!) { createApiKey(app: $app, name: "Second") { secret key { id name } } }';
const CREATE_OPERATOR_KEY = 'mutation { createOperatorKey(name: "Otto") { secret key { id } } }';
const REVOKE = 'mutation ($id: ID!) { revokeKey(id: $id) { id revokedAt } }';
interface CreatedApp {
  readonly createApp: {
    readonly apiKey: string;
    readonly app: { readonly id: string; readonly keys: { readonly id: string; readonly hint: string }[] };
  };
}
interface Revoked {
  readonly revokeKey: { readonly id: string; readonly revokedAt: string | null };
}
const createApp = (workspace: string, name = 'Shop') =>
  ok<CreatedApp>(CREATE_APP, { name }, operatorOf(workspace));
const principalOf = (secret: string) => one.service.principalByKeyHash(hash('sha256', secret, 'hex'));

describe('keys', () => {
  it('are stored as a hash only', async () => {
    const { createApp: made } = await createApp('keys');
    expect(made.apiKey).toMatch(/^hk_[\w-]{43,}$/);
    expect(made.apiKey.startsWith(made.app.keys[0]?.hint ?? 'absent')).toBe(true);
    const everything: unknown[] = [];
    const { db } = one.connection;
    for (const { name } of (await db?.listCollections().toArray()) ?? [])
      everything.push(...((await db?.collection(name).find().toArray()) ?? []));
    const text = JSON.stringify(everything);
    expect(text).toContain(hash('sha256', made.apiKey, 'hex'));
    expect(text).not.toContain(made.apiKey.slice(0, 20));
  });

  it('say whose they are until they are revoked; twice is once', async () => {
    const { createApp: made } = await createApp('keys');
    const second = await ok<{ createApiKey: { secret: string; key: { id: string } } }>(
      CREATE_KEY,
      { app: made.app.id },
      operatorOf('keys'),
    );
    const { secret, key } = second.createApiKey;
    const QUERY = 'query ($hash: String!) { principalByKeyHash(hash: $hash) }';
    expect(await ok(QUERY, { hash: hash('sha256', secret, 'hex') })).toEqual({
      principalByKeyHash: {
        kind: 'app',
        workspace: 'keys',
        app: made.app.id,
        key: key.id,
        ratePerSecond: 1000,
      },
    });
    one.told.length = 0;
    const first = await ok<Revoked>(REVOKE, { id: key.id }, operatorOf('keys'));
    expect(first.revokeKey.revokedAt).not.toBeNull();
    expect(one.told.some(({ topic }) => topic === 'key')).toBe(true);
    expect(await ok(REVOKE, { id: key.id }, operatorOf('keys'))).toEqual(first);
    expect(await ok(QUERY, { hash: hash('sha256', secret, 'hex') })).toEqual({ principalByKeyHash: null });
    expect(await principalOf(made.apiKey)).toBeDefined();
    expect(await ok(QUERY, { hash: 'no hash' })).toEqual({ principalByKeyHash: null });
  });

  it('the last operator key of a workspace stays, also when two are revoked at once', async () => {
    await one.service.ensureWorkspace('lonely', 'Lonely');
    await one.service.ensureOperatorKey('lonely', 'configured-secret-of-lonely', { root: false });
    const LIST = '{ operatorKeys { id revokedAt } }';
    type Listed = { operatorKeys: { id: string; revokedAt: string | null }[] };
    const [only] = (await ok<Listed>(LIST, {}, operatorOf('lonely'))).operatorKeys;
    expect(await refusal(REVOKE, { id: only?.id }, operatorOf('lonely'))).toMatch(/^CONFLICT/);
    const made = await ok<{ createOperatorKey: { secret: string; key: { id: string } } }>(
      CREATE_OPERATOR_KEY,
      {},
      operatorOf('lonely'),
    );
    expect(made.createOperatorKey.secret).toMatch(/^ho_[\w-]{43,}$/);
    const [other = one] = others;
    const answers = await Promise.all([
      one.run(REVOKE, { id: only?.id }, operatorOf('lonely')),
      other.run(REVOKE, { id: made.createOperatorKey.key.id }, operatorOf('lonely')),
    ]);
    expect(answers.map(({ errors }) => errors?.[0]?.extensions.code).sort()).toEqual(['CONFLICT', undefined]);
    const left = (await ok<Listed>(LIST, {}, operatorOf('lonely'))).operatorKeys.filter(
      (key) => !key.revokedAt,
    );
    expect(left).toHaveLength(1);
  });

  it('are for operators, also to look at', async () => {
    expect(await refusal(CREATE_APP, { name: 'X' }, appOf('keys'))).toBe('FORBIDDEN');
    expect(await refusal('{ operatorKeys { id } }', {}, appOf('keys'))).toBe('FORBIDDEN');
    expect(await refusal(CREATE_APP, { name: ' ' }, operatorOf('keys'))).toBe('BAD_USER_INPUT name');
    expect(await refusal(CREATE_APP, { name: 'X', rate: 0 }, operatorOf('keys'))).toBe(
      'BAD_USER_INPUT rateLimitPerSecond',
    );
  });

  it('lists apps newest first, page by page', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++) {
      made.push((await createApp('listed', `App ${i}`)).createApp.app.id);
      for (const createdAt = Date.now(); Date.now() === createdAt; )
        await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const {
        apps,
      }: { apps: { nodes: { id: string }[]; pageInfo: { endCursor: string; hasNextPage: boolean } } } =
        await ok(
          'query ($after: String) { apps(first: 2, after: $after) { nodes { id } pageInfo { endCursor hasNextPage } } }',
          { after },
          operatorOf('listed'),
        );
      seen.push(...apps.nodes.map(({ id }) => id));
      after = apps.pageInfo.hasNextPage ? apps.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(made.toReversed());
  });
});

describe('user tokens', () => {
  const TOKEN =
    'mutation ($user: ID!, $ttl: Int) { createUserToken(user: $user, ttlSeconds: $ttl) { token expiresAt } }';

  it('carry user and workspace until they end', async () => {
    await upsert('default', { id: 'tom' });
    const askedAt = Date.now();
    const { createUserToken } = await ok<{ createUserToken: { token: string; expiresAt: string } }>(
      TOKEN,
      { user: 'tom', ttl: 60 },
      appOf('default'),
    );
    const { payload, protectedHeader } = await jwtVerify(
      createUserToken.token,
      new TextEncoder().encode(JWT_SECRET),
      { issuer: 'herald', audience: 'herald:user' },
    );
    expect(protectedHeader.alg).toBe('HS256');
    expect(payload).toMatchObject({ sub: 'tom', ws: 'default' });
    expect(new Date((payload.exp ?? 0) * 1000).toISOString()).toBe(createUserToken.expiresAt);
    expect(payload.exp).toBeGreaterThanOrEqual(Math.floor(askedAt / 1000) + 60);
    expect(payload.exp).toBeLessThanOrEqual(Math.floor(Date.now() / 1000) + 60);
  });

  it('are for users who are there, for at most a day, by apps and operators', async () => {
    expect(await refusal(TOKEN, { user: 'nobody' }, appOf('default'))).toBe('NOT_FOUND user');
    expect(await refusal(TOKEN, { user: 'tom', ttl: 86_401 }, appOf('default'))).toBe(
      'BAD_USER_INPUT ttlSeconds',
    );
    expect(await refusal(TOKEN, { user: 'tom', ttl: 0 }, appOf('default'))).toBe('BAD_USER_INPUT ttlSeconds');
    expect(await refusal(TOKEN, { user: 'tom' }, userOf('default', 'tom'))).toBe('FORBIDDEN');
    expect(await refusal(TOKEN, { user: 'tom' }, appOf('elsewhere'))).toBe('NOT_FOUND user');
  });
});

describe('setPreferences', () => {
  const SET = /* GraphQL */ `
    mutation ($user: ID, $preferences: [PreferenceInput!]!) {
      setPreferences(user: $user, preferences: $preferences) { preferences { category channel enabled } }
    }
  `;
  const off = { category: 'ads', channel: 'EMAIL', enabled: false };

  it('replaces, for the user or whom an app names', async () => {
    await upsert('default', { id: 'pia' }, { id: 'pal' });
    expect(await ok(SET, { preferences: [off, { enabled: true }] }, userOf('default', 'pia'))).toEqual({
      setPreferences: { preferences: [off, { category: null, channel: null, enabled: true }] },
    });
    expect(await ok(SET, { user: 'pia', preferences: [off] }, appOf('default'))).toEqual({
      setPreferences: { preferences: [off] },
    });
    expect((await one.service.recipients('default', ['pia'])).get('pia')?.preferences).toEqual([off]);
  });

  it.each([
    ['another user', { user: 'pal', preferences: [off] }, userOf('default', 'pia'), 'FORBIDDEN'],
    ['an app without a user', { preferences: [off] }, appOf('default'), 'BAD_USER_INPUT user'],
    ['nobody', { user: 'nobody', preferences: [off] }, appOf('default'), 'NOT_FOUND user'],
    ['the same twice', { preferences: [off, off] }, userOf('default', 'pia'), 'BAD_USER_INPUT preferences.1'],
  ])('refuses %s', async (_, variables, principal, expected) => {
    expect(await refusal(SET, variables, principal)).toBe(expected);
  });
});

const REGISTER = /* GraphQL */ `
  mutation ($subscription: PushSubscriptionInput!) { registerPushSubscription(subscription: $subscription) { id endpoint } }
`;
const subscriptionOf = (endpoint: string, keys: Data = {}) => ({
  subscription: { endpoint, expirationTime: null, keys: { p256dh: P256DH, auth: AUTH, ...keys } },
});
const register = (user: string, endpoint: string, process = one) =>
  ok<{ registerPushSubscription: { id: string } }>(
    REGISTER,
    subscriptionOf(endpoint),
    userOf('default', user),
    process,
  ).then((data) => data.registerPushSubscription.id);

describe('push subscriptions', () => {
  const endpointsOf = async (user: string) =>
    (await one.service.recipients('default', [user])).get(user)?.devices.map(({ endpoint }) => endpoint);

  it('follow the browser to whoever signs in last, and can be removed by the owner', async () => {
    await upsert('default', { id: 'ben' }, { id: 'eva' });
    const endpoint = 'https://push.example.com/shared';
    const ids = await Promise.all([one, ...others].map((process) => register('ben', endpoint, process)));
    expect(new Set(ids).size).toBe(1);
    expect(await endpointsOf('ben')).toEqual([endpoint]);
    expect(await register('eva', endpoint)).toBe(ids[0]);
    expect(await endpointsOf('ben')).toEqual([]);
    expect(await endpointsOf('eva')).toEqual([endpoint]);
    const REMOVE = 'mutation ($endpoint: String!) { removePushSubscription(endpoint: $endpoint) }';
    expect(await ok(REMOVE, { endpoint }, userOf('default', 'ben'))).toEqual({
      removePushSubscription: false,
    });
    expect(await ok(REMOVE, { endpoint }, userOf('default', 'eva'))).toEqual({
      removePushSubscription: true,
    });
    expect(await ok(REMOVE, { endpoint }, userOf('default', 'eva'))).toEqual({
      removePushSubscription: false,
    });
    expect(await endpointsOf('eva')).toEqual([]);
  });

  it('go when their push service says so, in their own workspace only', async () => {
    await upsert('default', { id: 'ida' });
    const id = await register('ida', 'https://push.example.com/ida');
    await one.service.removeDevices('elsewhere', [id]);
    expect(await endpointsOf('ida')).toHaveLength(1);
    await one.service.removeDevices('default', [id]);
    expect(await endpointsOf('ida')).toEqual([]);
  });

  it.each([
    ['http elsewhere', subscriptionOf('http://push.example.com/x'), 'BAD_USER_INPUT subscription.endpoint'],
    [
      'a short point',
      subscriptionOf('https://p.example.com', { p256dh: 'BAcH' }),
      'BAD_USER_INPUT subscription.keys.p256dh',
    ],
    [
      'a short secret',
      subscriptionOf('https://p.example.com', { auth: 'AQID' }),
      'BAD_USER_INPUT subscription.keys.auth',
    ],
  ])('refuses %s', async (_, variables, expected) => {
    expect(await refusal(REGISTER, variables, userOf('default', 'ben'))).toBe(expected);
  });

  it('are for users', async () => {
    expect(await refusal(REGISTER, subscriptionOf('https://p.example.com/x'), appOf('default'))).toBe(
      'FORBIDDEN',
    );
  });
});

describe('the bootstrap', () => {
  const workspace = 'boot';
  const app = { workspace, id: 'app_boot', name: 'Boot', secret: 'configured-secret-of-the-app' };
  const start = async ({ service }: Process, secret: string) => {
    await service.ensureWorkspace(workspace, 'Boot');
    await service.ensureOperatorKey(workspace, secret, { root: true });
    await service.ensureUser(workspace, { id: 'demo', name: 'Demo', groups: ['demo'] });
    await service.ensureAppWithKey(app);
  };

  it('makes each thing once when five processes start at once, five times over', async () => {
    for (let round = 0; round < 5; round++)
      await Promise.all([one, ...others].map((process) => start(process, 'first-configured-secret')));
    expect(await principalOf('first-configured-secret')).toMatchObject({
      kind: 'operator',
      workspace,
      root: true,
    });
    expect(await principalOf(app.secret)).toMatchObject({ kind: 'app', workspace, app: app.id });
    const { apps, operatorKeys } = await ok<{
      apps: { nodes: { id: string; keys: Data[] }[] };
      operatorKeys: Data[];
    }>('{ apps { nodes { id name keys { id } } } operatorKeys { id revokedAt } }', {}, operatorOf(workspace));
    expect(apps.nodes.map(({ id, keys }) => [id, keys.length]).sort()).toEqual([
      ['app_boot', 1],
      [consoleAppId(workspace), 0],
    ]);
    expect(operatorKeys).toEqual([{ id: expect.any(String), revokedAt: null }]);
  });

  it('leaves a user as it is', async () => {
    await upsert(workspace, { id: 'demo', name: 'Changed' });
    await start(one, 'first-configured-secret');
    expect((await one.service.recipients(workspace, ['demo'])).get('demo')?.name).toBe('Changed');
  });

  it('revokes the key that is configured no more, and takes it back when it is configured again', async () => {
    await start(one, 'second-configured-secret');
    expect(await principalOf('first-configured-secret')).toBeUndefined();
    expect(await principalOf('second-configured-secret')).toMatchObject({ root: true });
    await start(one, 'first-configured-secret');
    expect(await principalOf('first-configured-secret')).toMatchObject({ root: true });
    expect(await principalOf('second-configured-secret')).toBeUndefined();
  });

  it('does not bring back a key that a person has revoked', async () => {
    await ok(CREATE_OPERATOR_KEY, {}, operatorOf(workspace));
    const principal = await principalOf('first-configured-secret');
    await ok(REVOKE, { id: principal?.kind === 'operator' ? principal.key : '' }, operatorOf(workspace));
    await start(one, 'first-configured-secret');
    expect(await principalOf('first-configured-secret')).toBeUndefined();
  });
});
