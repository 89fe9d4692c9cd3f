/** Accounts of workspaces from the mutation to the vendor: taken up, replaced under load, tested. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/auth/principal.ts';
import { providerAccountKey } from '../../platform/names/ids.ts';
import { SecretBox } from '../../platform/secrets/secret-box.ts';
import type { DeliveryRecord, NotificationRecord } from '../../subgraphs/notifications/index.ts';
import {
  appPrincipal,
  OLGA,
  type OpenGraph,
  openGraph,
  TEST_SECRET_KEY,
} from '../../subgraphs/notifications/testing/open-graph.ts';
import { silent } from '../../subgraphs/notifications/testing/open-store.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { createProviders } from '../channels/registry.ts';
import { accountDepsOf, deliveryTokensOf, startDispatcher } from '../dispatcher.ts';
import { startSweeper } from '../sweep/start-sweeper.ts';
import { startAccountTests } from './account-tests.ts';
import { StoredAccounts } from './stored-accounts.ts';

const services = freshDatabase();
const box = new SecretBox(TEST_SECRET_KEY);
const secretOf = (n: number) =>
  `whsec_${Buffer.from(`signing secret of webhooks ${n % 10}`).toString('base64')}`;

let graph: OpenGraph;
let stored: StoredAccounts;
/** What came to the receiver: how often each message, and which of the secrets signed it. */
const received = new Map<string, number>();
const signers = new Set<number>();
/** Messages that came to the Bot API of the settings' account. */
let telegrams = 0;
const receiver = createServer((request, response) => {
  void bodyOf(request).then((body) => {
    if (request.url?.startsWith('/bot')) {
      if (request.url.endsWith('/sendMessage')) telegrams++;
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ ok: true, result: { message_id: 4711 } }));
      return;
    }
    const headers = request.headers as Record<string, string>;
    const id = headers['webhook-id'] ?? '';
    received.set(id, (received.get(id) ?? 0) + 1);
    for (let n = 0; n < 10; n++)
      if (verifies(n, body, headers)) {
        signers.add(n);
      }
    setTimeout(() => response.writeHead(request.url === '/refuses' ? 410 : 204).end(), 5);
  });
});
async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  return body;
}
function verifies(n: number, body: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(secretOf(n)).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}
const urlOf = (path: string) => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}${path}`;

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  graph = await openGraph(services, {
    SEND_MAX_ATTEMPTS: '2',
    SEND_RETRY_BASE_MS: '20',
    // A busy machine hears late that it was answered: that is not what is shown here.
    SEND_TIMEOUT_MS: '60000',
    SWEEP_INTERVAL_MS: '300',
  });
  const { connections, store, settings, users, templates, shutdown } = graph;
  const accountDeps = accountDepsOf(connections, store, box, deliveryTokensOf(TEST_SECRET_KEY), silent);
  const providers = await createProviders(
    {
      PROVIDER_ACCOUNTS: [
        {
          id: 'shared',
          provider: 'telegram',
          config: { botToken: '123456:abcdefghijklmnopqrstuvwxyz', baseUrl: urlOf('') },
        },
      ],
    },
    accountDeps,
    { sandbox: false },
  );
  // Long, so that a change is seen to be told.
  stored = new StoredAccounts({
    store: store.providerAccounts,
    bus: connections.bus,
    box,
    accountDeps,
    log: silent,
    lookMs: 600_000,
  });
  await stored.start();
  const dispatcher = startDispatcher({
    settings,
    connections,
    store,
    users,
    templates,
    providers,
    stored,
    log: silent,
  });
  shutdown.onClose('dispatcher', () => dispatcher.close());
  const tests = startAccountTests({
    store: store.providerAccounts,
    connections,
    box,
    accountDeps,
    providers,
    timeoutMs: 25_000,
    log: silent,
  });
  shutdown.onClose('tests', () => tests.close());
  startSweeper({ settings, connections, store, shutdown, log: silent });
});
afterAll(async () => {
  await graph.close();
  receiver.closeAllConnections();
  receiver.close();
});
beforeEach(() => {
  received.clear();
  signers.clear();
});

const save = (changes: object, principal = OLGA) =>
  graph.run(
    principal,
    'mutation ($input: ProviderAccountInput!) { saveProviderAccount(input: $input) { id } }',
    {
      input: {
        id: 'hooks',
        provider: 'webhook',
        config: { signingSecret: secretOf(0), allowedNetworks: ['127.0.0.0/8'] },
        ...changes,
      },
    },
  );
const idsOf = () => stored.live.map(({ record }) => `${record.workspace}.${record.id}`);

interface Sent {
  readonly sendNotifications: readonly { readonly notification: { readonly id: string } }[];
}
async function send(count: number, to = '/hook', app = 'app_1', channel = 'WEBHOOK'): Promise<string[]> {
  const inputs = Array.from({ length: count }, () => ({
    to: [{ channel, address: channel === 'WEBHOOK' ? urlOf(to) : to }],
    content: { body: 'Hello' },
  }));
  const { sendNotifications } = await graph.run<Sent>(
    appPrincipal(app),
    'mutation ($inputs: [SendNotificationInput!]!) { sendNotifications(inputs: $inputs) { notification { id } } }',
    { inputs },
  );
  return sendNotifications.map(({ notification }) => notification.id);
}
async function deliveriesOf(ids: readonly string[]): Promise<DeliveryRecord[]> {
  const { mongo } = graph.connections;
  const filter = { _id: { $in: [...ids] }, state: 'COMPLETED' } as const;
  await expect
    .poll(() => mongo.collection<NotificationRecord>('notifications').countDocuments(filter), {
      timeout: 100_000,
    })
    .toBe(ids.length);
  return mongo
    .collection<DeliveryRecord>('deliveries')
    .find({ notification: { $in: [...ids] } })
    .toArray();
}

describe('accounts of workspaces', () => {
  it('are taken up within a second, and let go of', async () => {
    expect((await deliveriesOf(await send(1)))[0]).toMatchObject({
      state: 'SKIPPED',
      skipReason: 'CHANNEL_NOT_CONFIGURED',
    });
    const tookMs: number[] = [];
    /** Until a change is taken up. */
    const timed = async (change: () => Promise<unknown>, seen: () => unknown, expected: unknown) => {
      const started = performance.now();
      await change();
      await expect.poll(seen, { interval: 10 }).toEqual(expected);
      tookMs.push(performance.now() - started);
    };
    await timed(() => save({}), idsOf, ['default.hooks']);
    expect(stored.account(providerAccountKey('default', 'hooks'))).toMatchObject({ id: 'hooks' });
    expect((await deliveriesOf(await send(1)))[0]).toMatchObject({ state: 'SENT', provider: 'hooks' });
    await timed(
      () => save({ apps: ['app_console_default'] }),
      () => stored.live[0]?.record.apps,
      ['app_console_default'],
    );
    expect((await deliveriesOf(await send(1)))[0]).toMatchObject({ skipReason: 'CHANNEL_NOT_CONFIGURED' });
    const disable = 'mutation { setProviderAccountEnabled(id: "hooks", enabled: false) { id } }';
    await timed(() => graph.run(OLGA, disable), idsOf, []);
    // Providers tell of what it sent before: whoever verifies that is there.
    expect(stored.account(providerAccountKey('default', 'hooks'))).toMatchObject({ id: 'hooks' });
    await timed(() => save({ apps: null, enabled: true }), idsOf, ['default.hooks']);
    // A busy machine may hold up all but one. Nothing was looked for by itself.
    expect(Math.min(...tookMs)).toBeLessThan(1_000);
  });

  it('are replaced under load: nothing is lost, nothing comes twice', async () => {
    const closed: string[] = [];
    for (const { record, provider } of stored.live) {
      const { close } = provider.provider;
      provider.provider.close = async () => {
        closed.push(record.revision);
        await close?.();
      };
    }
    const sending: Promise<string[]>[] = [];
    let done = false;
    const replacing = (async () => {
      for (let n = 1; !done; n++) {
        const started = performance.now();
        await save({ config: { signingSecret: secretOf(n), allowedNetworks: ['127.0.0.0/8'] } });
        // A slow machine has to do something else as well.
        const tookMs = performance.now() - started;
        await new Promise((resolve) => setTimeout(resolve, Math.max(30, tookMs)));
      }
    })();
    let deliveries: readonly DeliveryRecord[] = [];
    try {
      for (let i = 0; i < 10; i++) {
        sending.push(send(50));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      deliveries = await deliveriesOf((await Promise.all(sending)).flat());
    } finally {
      done = true;
      await replacing;
    }
    expect(deliveries).toHaveLength(500);
    expect(deliveries.filter(({ state }) => state !== 'SENT')).toEqual([]);
    expect(deliveries.filter(({ attempts }) => attempts.length !== 1)).toEqual([]);
    expect(received.size).toBe(500);
    expect([...received.values()].filter((times) => times !== 1)).toEqual([]);
    expect(signers.size).toBeGreaterThan(3);
    expect(closed).toHaveLength(1);
  }, 240_000);

  it('come by their order, and the next one when the first is gone', async () => {
    await save({ id: 'spare', order: 500 });
    await expect.poll(idsOf).toHaveLength(2);
    const sent = await deliveriesOf(await send(5));
    expect(new Set(sent.map(({ provider }) => provider))).toEqual(new Set(['hooks']));
    await graph.run(OLGA, 'mutation { deleteProviderAccount(id: "hooks") }');
    await expect.poll(idsOf).toEqual(['default.spare']);
    const after = await deliveriesOf(await send(5));
    expect(new Set(after.map(({ provider }) => provider))).toEqual(new Set(['spare']));
  });

  it('have a rate of their own, whatever waits', async () => {
    await save({ id: 'spare', ratePerSecond: 20 });
    await expect.poll(() => stored.live[0]?.record.ratePerSecond).toBe(20);
    const started = performance.now();
    const sent = await deliveriesOf(await send(50));
    expect(sent.filter(({ state }) => state !== 'SENT')).toEqual([]);
    expect(performance.now() - started).toBeGreaterThan(1_000);
    expect([...received.values()].filter((times) => times !== 1)).toEqual([]);
    await save({ id: 'spare', ratePerSecond: null });
  });

  it('that cannot be used say why, and do not hold up the others', async () => {
    const id = 'smtp-eu';
    await graph.run(
      OLGA,
      'mutation ($input: ProviderAccountInput!) { saveProviderAccount(input: $input) { id } }',
      {
        input: {
          id,
          provider: 'smtp',
          config: { url: 'smtp://localhost', from: 'a@example.com', dkimDomain: 'example.com' },
        },
      },
    );
    const problems = () =>
      graph
        .run<{ providerAccounts: readonly { id: string; problem: string | null }[] }>(
          OLGA,
          '{ providerAccounts { id problem } }',
        )
        .then(({ providerAccounts }) => providerAccounts.find((one) => one.id === id)?.problem);
    await expect.poll(problems).toContain('config.dkimSelector: is missing');
    expect(idsOf()).toEqual(['default.spare']);
    // Not passed over as if nobody had wanted it: it can be replayed when the account is mended.
    const [failed] = await deliveriesOf(await send(1, 'ann@example.com', 'app_1', 'EMAIL'));
    expect(failed).toMatchObject({
      state: 'FAILED',
      attempts: [{ errorCode: 'CHANNEL_MISCONFIGURED', errorMessage: expect.stringContaining('EMAIL') }],
    });
  });
});

describe('testProvider', () => {
  const test = (id: string, to: string, source?: 'WORKSPACE' | 'SETTINGS', who = OLGA) =>
    graph
      .run<{ testProvider: unknown }>(
        who,
        `mutation ($id: ID!, $to: String!, $source: ProviderAccountSource) {
          testProvider(id: $id, to: $to, source: $source) { outcome code message latencyMs }
        }`,
        { id, to, source },
      )
      .then(({ testProvider }) => testProvider);

  it('sends a real message, through an account that is off, too, and tells what came of it', async () => {
    await save({ id: 'spare', enabled: false });
    expect(await test('spare', urlOf('/hook'))).toMatchObject({ outcome: 'ACCEPTED', code: null });
    expect(received.size).toBe(1);
    expect(await test('spare', urlOf('/refuses'))).toMatchObject({
      outcome: 'INVALID_RECIPIENT',
      code: 'CHANNEL_ADDRESS_GONE',
      latencyMs: expect.any(Number),
    });
    expect(await test('smtp-eu', 'a@example.com')).toMatchObject({
      outcome: 'PERMANENT',
      code: 'CHANNEL_MISCONFIGURED',
      message: expect.stringContaining('dkimSelector'),
    });
    expect(
      await graph.refused(OLGA, 'mutation { testProvider(id: "none", to: "x") { outcome } }'),
    ).toMatchObject({ code: 'NOT_FOUND' });
    const { auditEntries } = await graph.run<{ auditEntries: { nodes: readonly unknown[] } }>(
      OLGA,
      '{ auditEntries(filter: { action: [TEST_PROVIDER_ACCOUNT] }) { nodes { providerAccount after } } }',
    );
    expect(auditEntries.nodes).toContainEqual({
      providerAccount: 'spare',
      after: { to: urlOf('/hook') },
    });
  });

  it('sends through an account of the settings, for operators of every workspace', async () => {
    const eve: Principal = {
      kind: 'operator',
      workspace: 'elsewhere',
      key: 'key_e',
      name: 'Eve',
      root: false,
    };
    // The dispatcher tells of it a moment after its start.
    const accepted = { outcome: 'ACCEPTED', code: null };
    await expect
      .poll(() => test('shared', '1234', undefined, eve).catch(String), { timeout: 20_000, interval: 1_000 })
      .toMatchObject(accepted);
    expect(telegrams).toBe(1);
    // It is in use, and goes on.
    await save({ id: 'shared', enabled: false });
    expect(await test('shared', '1234', 'SETTINGS')).toMatchObject(accepted);
    expect([telegrams, received.size]).toEqual([2, 0]);
    expect(await test('shared', urlOf('/hook'))).toMatchObject(accepted);
    expect([telegrams, received.size]).toEqual([2, 1]);
    await expect(test('shared', 'x', 'WORKSPACE', eve)).rejects.toMatchObject({
      extensions: { code: 'NOT_FOUND' },
    });
    await expect(test('spare', 'x', 'SETTINGS')).rejects.toMatchObject({ extensions: { code: 'NOT_FOUND' } });
  });
});
