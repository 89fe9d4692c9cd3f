/** How provider accounts fare, from attempts in a dispatcher to what operators are told by the graph. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/auth/principal.ts';
import { FRESH_MS } from '../../platform/provider-health/account-report.ts';
import { SecretBox } from '../../platform/secrets/secret-box.ts';
import {
  appPrincipal,
  OLGA,
  type OpenGraph,
  openGraph,
  TEST_SECRET_KEY,
} from '../../subgraphs/notifications/testing/open-graph.ts';
import { silent } from '../../subgraphs/notifications/testing/open-store.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { StoredAccounts } from '../accounts/stored-accounts.ts';
import { createProviders } from '../channels/registry.ts';
import { accountDepsOf, type Dispatcher, deliveryTokensOf, startDispatcher } from '../dispatcher.ts';

const ELSEWHERE: Principal = {
  kind: 'operator',
  workspace: 'elsewhere',
  key: 'key_e',
  name: 'Eve',
  root: false,
};
const TOKEN = '123456:abcdefghijklmnopqrstuvwxyz';

/** A Telegram that answers as it is told to. */
let answer: { status: number; body: object };
const WELL = { status: 200, body: { ok: true, result: { message_id: 7 } } };
const REFUSED = { status: 401, body: { ok: false, error_code: 401, description: 'Unauthorized' } };
const telegram = createServer((request, response) => {
  request.resume().on('end', () => {
    response
      .writeHead(answer.status, { 'content-type': 'application/json' })
      .end(JSON.stringify(answer.body));
  });
});

const services = freshDatabase();
let graph: OpenGraph;
let dispatcher: Dispatcher;
let stored: StoredAccounts;

beforeAll(async () => {
  await new Promise<void>((resolve) => telegram.listen(0, '127.0.0.1', resolve));
  answer = WELL;
  graph = await openGraph(services, {
    SEND_MAX_ATTEMPTS: '1',
    SEND_TIMEOUT_MS: '60000',
    PROVIDER_RATES: 'backup=50',
    PROVIDER_DAILY_QUOTAS: 'backup=1000',
  });
  const { connections, store, settings, users, templates } = graph;
  const accountDeps = accountDepsOf(
    connections,
    store,
    new SecretBox(TEST_SECRET_KEY),
    deliveryTokensOf(TEST_SECRET_KEY),
    silent,
  );
  const providers = await createProviders(
    {
      ...settings,
      PROVIDER_ACCOUNTS: [{ id: 'backup', provider: 'slack', config: { botToken: 'xoxb-1-very-secret' } }],
    },
    accountDeps,
    { sandbox: true },
  );
  stored = new StoredAccounts({
    store: store.providerAccounts,
    bus: connections.bus,
    box: new SecretBox(TEST_SECRET_KEY),
    accountDeps,
    log: silent,
  });
  await stored.start();
  dispatcher = startDispatcher({
    settings: { ...settings, PROVIDER_CHECK_INTERVAL_MS: 0 },
    connections,
    store,
    users,
    templates,
    providers,
    stored,
    log: silent,
  });
});
afterAll(async () => {
  await dispatcher.close();
  await graph.close();
  telegram.closeAllConnections();
  telegram.close();
});

interface Listed {
  readonly id: string;
  readonly source: string;
  readonly health: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}
const LIST = `{ providerAccounts {
  id source provider channels config secretsSet order ratePerSecond dailyQuota receiptPath createdAt updatedBy { name }
  health {
    state reason since pausedUntil pausedHosts sentLastMinute failedLastMinute ratePerSecond dailyQuotaUsed
    circuit { state probesAt } lastError { code message at }
  }
} }`;
const list = (principal: Principal = OLGA) =>
  graph
    .run<{ providerAccounts: readonly Listed[] }>(principal, LIST)
    .then(({ providerAccounts }) => providerAccounts);
const one = async (id: string, principal?: Principal) =>
  (await list(principal)).find((account) => account.id === id);
const healthBecomes = (id: string, expected: object) =>
  expect
    .poll(async () => (await one(id))?.health, { interval: 250, timeout: 60_000 })
    .toMatchObject(expected);
const sendTo = (count: number) =>
  graph.run(
    appPrincipal('app_1'),
    'mutation ($inputs: [SendNotificationInput!]!) { sendNotifications(inputs: $inputs) { deduplicated } }',
    {
      inputs: Array.from({ length: count }, () => ({
        to: [{ channel: 'TELEGRAM', address: '4711' }],
        content: { body: 'Hello' },
      })),
    },
  );

describe('the health of provider accounts', () => {
  it('is known of an account that was just made, and counts what goes through it', async () => {
    const { port } = telegram.address() as AddressInfo;
    await graph.run(
      OLGA,
      'mutation ($input: ProviderAccountInput!) { saveProviderAccount(input: $input) { id } }',
      {
        input: {
          id: 'bot',
          provider: 'telegram',
          config: { botToken: TOKEN, baseUrl: `http://127.0.0.1:${port}` },
          dailyQuota: 100,
        },
      },
    );
    await healthBecomes('bot', {
      state: 'OK',
      reason: null,
      circuit: { state: 'CLOSED', probesAt: null },
      sentLastMinute: 0,
    });
    await sendTo(3);
    await healthBecomes('bot', { state: 'OK', sentLastMinute: 3, failedLastMinute: 0, dailyQuotaUsed: 3 });
  });

  it('tells of a provider that asks to wait', async () => {
    answer = {
      status: 429,
      body: { ok: false, error_code: 429, description: 'Too Many Requests', parameters: { retry_after: 8 } },
    };
    await sendTo(1);
    await healthBecomes('bot', {
      state: 'PAUSED',
      reason: 'The provider asked to wait.',
      pausedUntil: expect.any(String),
      since: expect.any(String),
      lastError: { code: 'CHANNEL_RATE_LIMITED' },
    });
    answer = WELL;
    await healthBecomes('bot', { state: 'OK', pausedUntil: null });
  });

  it('tells of failures, of the open circuit, and of recovery', async () => {
    answer = REFUSED;
    await sendTo(1);
    await healthBecomes('bot', { state: 'DEGRADED', lastError: { code: 'CHANNEL_UNAUTHORIZED' } });
    await sendTo(20);
    await healthBecomes('bot', {
      state: 'CIRCUIT_OPEN',
      reason: expect.stringContaining('Too many attempts failed.'),
      since: expect.any(String),
      circuit: { state: 'OPEN', probesAt: expect.any(String) },
    });
    expect(JSON.stringify(await list())).not.toContain(TOKEN);
    answer = WELL;
    await expect
      .poll(
        async () => {
          await sendTo(1);
          return (await one('bot'))?.health.circuit;
        },
        { timeout: 60_000, interval: 1_000 },
      )
      .toEqual({ state: 'CLOSED', probesAt: null });
  });

  it('is that of processes that are there', async () => {
    const { redis, names } = graph.connections;
    const key = names.providerHealth('default.bot');
    const gone = { at: Date.now() - FRESH_MS - 60_000, sent: 1_000, failed: 0, ownFailed: 0 };
    await redis.hset(key, 'gone', JSON.stringify({ ...gone, pausedHosts: 0, hasHosts: false }));
    expect((await one('bot'))?.health.sentLastMinute).toBeLessThan(1_000);
    // What a process that is gone has left is cleared away by those that are there, sooner or later.
    await redis.hset(key, 'gone too', JSON.stringify({ ...gone, pausedHosts: 0, hasHosts: false }));
    await expect.poll(() => redis.hlen(key), { interval: 500, timeout: 60_000 }).toBe(1);
    expect(await redis.pttl(key)).toBeGreaterThan(0);
  });

  it('tells why an account cannot be used, and that one is off', async () => {
    await graph.connections.mongo
      .collection<{ _id: string; problem?: string }>('provider_accounts')
      .updateOne({ _id: 'default:bot' }, { $set: { problem: 'It needs two fields.' } });
    expect((await one('bot'))?.health).toMatchObject({ state: 'UNUSABLE', reason: 'It needs two fields.' });
    await graph.run(
      OLGA,
      'mutation { setProviderAccountEnabled(id: "bot", enabled: false) { health { state } } }',
    );
    expect((await one('bot'))?.health).toMatchObject({ state: 'DISABLED' });
  });
});

describe('the accounts of the settings', () => {
  it('are shown to operators of the first workspace, without their secrets', async () => {
    await expect.poll(async () => (await one('backup'))?.health.state).toBe('OK');
    const account = await one('backup');
    expect(account).toMatchObject({
      source: 'SETTINGS',
      provider: 'slack',
      channels: ['SLACK'],
      config: { botToken: null },
      secretsSet: ['botToken'],
      ratePerSecond: 50,
      dailyQuota: 1000,
      receiptPath: null,
      createdAt: null,
      updatedBy: null,
      health: { ratePerSecond: 50, dailyQuotaUsed: 0, sentLastMinute: 0 },
    });
    expect(account?.order).toBeGreaterThan(1_000);
    expect((await list()).map(({ id, source }) => `${source} ${id}`)).toEqual(
      expect.arrayContaining(['WORKSPACE bot', 'SETTINGS backup', 'SETTINGS sandbox']),
    );
    const { redis, names } = graph.connections;
    expect(await redis.get(names.settingsAccounts)).not.toContain('very-secret');
  });

  it('are there for others, who see no more than their channels and their state', async () => {
    expect(await one('backup', ELSEWHERE)).toMatchObject({
      source: 'SETTINGS',
      channels: ['SLACK'],
      config: null,
      secretsSet: [],
      ratePerSecond: null,
      health: { state: 'OK', sentLastMinute: null, ratePerSecond: null, dailyQuotaUsed: null },
    });
    expect((await list(ELSEWHERE)).map(({ id }) => id)).not.toContain('bot');
  });

  it('can be left out, and cannot be changed here', async () => {
    expect(await graph.run(OLGA, '{ providerAccounts(includeSettings: false) { id } }')).toEqual({
      providerAccounts: [{ id: 'bot' }],
    });
    for (const mutation of [
      'deleteProviderAccount(id: "backup")',
      'setProviderAccountEnabled(id: "backup", enabled: false) { id }',
    ])
      expect(await graph.refused(OLGA, `mutation { ${mutation} }`)).toMatchObject({
        code: 'BAD_USER_INPUT',
        field: 'id',
        message: expect.stringContaining('comes from the settings'),
      });
  });

  it('give way to an account of the workspace with their id', async () => {
    await graph.run(
      OLGA,
      'mutation ($input: ProviderAccountInput!) { saveProviderAccount(input: $input) { id } }',
      {
        input: { id: 'backup', provider: 'slack', config: { botToken: 'xoxb-of-our-own' } },
      },
    );
    expect((await list()).filter(({ id }) => id === 'backup').map(({ source }) => source)).toEqual([
      'WORKSPACE',
    ]);
    expect((await one('backup', ELSEWHERE))?.source).toBe('SETTINGS');
  });
});

describe('tests of accounts', () => {
  it('are ten a minute in a workspace', async () => {
    const { redis, names } = graph.connections;
    await redis.set(names.providerTests('default'), '10', 'PX', 30_000);
    const test = 'mutation { testProvider(id: "bot", to: "1") { code } }';
    await expect(graph.run(OLGA, test)).rejects.toMatchObject({
      extensions: { code: 'RATE_LIMITED', retryAfterMs: expect.toSatisfy((ms: number) => ms > 5_000) },
    });
    // One that there is not, or another workspace's, does not count.
    expect(await graph.refused(ELSEWHERE, test)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await redis.exists(names.providerTests('elsewhere'))).toBe(0);
  });
});
