import { randomBytes } from 'node:crypto';
import { execute, parse } from 'graphql';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSettings } from '../platform/config/settings.ts';
import { type Connections, openConnections } from '../platform/lifecycle/connections.ts';
import { Shutdown } from '../platform/lifecycle/shutdown.ts';
import { FencedLock } from '../platform/storage/fenced-lock.ts';
import { RedisLock } from '../platform/storage/redis-lock.ts';
import {
  type DeliveryRecord,
  type NotificationRecord,
  type NotificationsStore,
  openNotificationsStore,
} from '../subgraphs/notifications/index.ts';
import { notification as acceptedNotification } from '../subgraphs/notifications/testing/open-store.ts';
import { createTemplatesSubgraph } from '../subgraphs/templates/index.ts';
import { createUsersSubgraph, openDirectory } from '../subgraphs/users/index.ts';
import { freshDatabase } from '../testing/fresh.ts';
import type { OutgoingMessage, SendOutcome } from './channels/contract.ts';
import type { ProviderSet } from './channels/registry.ts';
import { sandbox } from './channels/sandbox/provider.ts';
import { startDispatcher } from './dispatcher.ts';
import { QueueHistory } from './sweep/queue-history.ts';
import { Sweeper } from './sweep/sweeper.ts';

const services = freshDatabase();
const log = pino({ level: 'silent' });
const settings = loadSettings({
  MONGODB_URI: services.mongodbUri,
  REDIS_URL: services.redisUrl,
  HERALD_NAMESPACE: services.namespace,
  SEND_MAX_ATTEMPTS: '3',
  SEND_RETRY_BASE_MS: '20',
  SEND_RETRY_MAX_MS: '50',
});
const shutdown = new Shutdown();
let connections: Connections;
let store: NotificationsStore;
let sweeper: Sweeper;

/** What the provider of this test was given, and what it answers by address. */
const sent: OutgoingMessage[] = [];
const answers = new Map<string, () => SendOutcome>();
const provider: ProviderSet = {
  account: () => undefined,
  accountsFor: () => [
    {
      id: 'scripted',
      definition: { ...sandbox, capabilities: { idempotent: true, html: true } },
      provider: {
        send: async (message) => {
          sent.push(message);
          return (
            answers.get(message.address)?.() ?? {
              kind: 'accepted',
              providerMessageId: `m-${message.delivery}`,
            }
          );
        },
      },
    },
  ],
  describe: () => ({ EMAIL: 'scripted', WEB_PUSH: 'scripted', SMS: 'scripted' }),
  close: async () => undefined,
};

beforeAll(async () => {
  connections = await openConnections(settings, log, shutdown);
  const { mongo, bus, redis, names, events, queues } = connections;
  store = await openNotificationsStore({ connection: mongo, redis, names, events, queues, log });
  const users = await createUsersSubgraph({
    connection: mongo,
    bus,
    log,
    jwtSecret: 'x'.repeat(32),
    vapidPublicKey: 'x',
  });
  await users.service.ensureWorkspace('default', 'Default');
  for (let i = 0; i < 1_200; i++)
    await users.service.ensureUser('default', {
      id: `m${i}`,
      groups: ['members', i % 2 ? 'odd' : 'even'],
      email: `m${i}@example.com`,
    });
  const templates = await createTemplatesSubgraph({
    connection: mongo,
    bus,
    directory: openDirectory(mongo),
    log,
  });
  await templates.ensureDemo('default');
  const published = await execute({
    schema: templates.subgraph.schema,
    document: parse(`mutation {
      saveTemplate(input: { id: "linked", name: "Linked", contents: [
        { channel: IN_APP, body: "Look", url: "{{link}}" }, { channel: EMAIL, title: "Look", body: "here" }
      ] }) { id }
      publishTemplate(id: "linked") { publishedVersion }
    }`),
    contextValue: {
      requestId: 'test',
      principal: { kind: 'operator', workspace: 'default', key: 'k', name: 'o', root: false },
    },
  });
  expect(published.errors).toBeUndefined();
  const lock = new FencedLock(new RedisLock(redis, names.lock('sweeper'), 600_000), mongo, 'sweeper');
  expect(await lock.hold()).toBe(true);
  sweeper = new Sweeper({
    outbox: store.outbox,
    queues,
    history: new QueueHistory({ queues, holdMs: 0, log }),
    lock,
    chunkSize: 100,
    intervalMs: 60_000,
    log,
  });
  const dispatcher = startDispatcher({
    settings,
    connections,
    store,
    users: users.service,
    templates: templates.service,
    providers: provider,
    log,
  });
  shutdown.onClose('dispatcher', () => dispatcher.close());
});
afterAll(() => shutdown.close(log));

async function accept(
  changes: Partial<NotificationRecord>,
  options: { queue: boolean } = { queue: true },
): Promise<string> {
  const record = acceptedNotification({ content: { title: 'Hi', body: 'Hello' }, to: [], ...changes });
  await connections.mongo.collection<NotificationRecord>('notifications').insertOne({ ...record });
  if (options.queue) await connections.queues.addPlans(record.priority, [{ ids: [record._id] }]);
  return record._id;
}
const notification = (id: string) =>
  connections.mongo.collection<NotificationRecord>('notifications').findOne({ _id: id });
const deliveries = (id: string) =>
  connections.mongo.collection<DeliveryRecord>('deliveries').find({ notification: id }).toArray();
async function completed(id: string): Promise<DeliveryRecord[]> {
  for (
    const end = Date.now() + 100_000;
    Date.now() < end;
    await new Promise((resolve) => setTimeout(resolve, 20))
  )
    if ((await notification(id))?.state === 'COMPLETED') return deliveries(id);
  throw new Error(`not completed: ${JSON.stringify([await notification(id), await deliveries(id)])}`);
}
const to = (address: string) => ({ to: [{ channel: 'EMAIL' as const, address }] });

describe('dispatching', () => {
  it('plans, renders, sends and records', async () => {
    const id = await accept({
      content: undefined as never,
      template: 'welcome',
      to: [{ user: 'm1' }],
      channels: ['EMAIL'],
      data: { product: 'Herald & Co' },
    });
    expect(await completed(id)).toMatchObject([
      {
        state: 'SENT',
        provider: 'scripted',
        providerMessageId: expect.stringMatching(/^m-dlv_/),
        user: 'm1',
        address: 'm1@example.com',
        attempts: [{ ok: true, provider: 'scripted' }],
      },
    ]);
    expect(sent.find((m) => m.notification === id)).toMatchObject({
      title: 'Welcome to Herald & Co',
      html: expect.stringContaining('Herald &amp; Co'),
    });
  });

  it('tries again after a passing failure', async () => {
    let calls = 0;
    answers.set('flaky@example.com', () =>
      ++calls < 3
        ? { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', message: 'busy', mayHaveSent: false }
        : { kind: 'accepted' },
    );
    const [delivery] = await completed(await accept(to('flaky@example.com')));
    expect(delivery).toMatchObject({ state: 'SENT', attempt: 3 });
    expect(delivery?.attempts.map((a) => [a.ok, a.errorCode])).toEqual([
      [false, 'CHANNEL_PROVIDER_UNAVAILABLE'],
      [false, 'CHANNEL_PROVIDER_UNAVAILABLE'],
      [true, undefined],
    ]);
  });

  it('gives up after the last attempt, and at once for good', async () => {
    answers.set('down@example.com', () => ({
      kind: 'retryable',
      code: 'CHANNEL_TIMEOUT',
      message: 'slow',
      mayHaveSent: true,
    }));
    answers.set('never@example.com', () => ({
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_REJECTED',
      message: 'no',
    }));
    expect(await completed(await accept(to('down@example.com')))).toMatchObject([
      { state: 'FAILED', attempt: 3 },
    ]);
    expect(await completed(await accept(to('never@example.com')))).toMatchObject([
      { state: 'FAILED', attempt: 1, attempts: [{ errorCode: 'CHANNEL_MESSAGE_REJECTED' }] },
    ]);
  });

  it('sends to every member of overlapping groups once', async () => {
    const id = await accept({
      to: [{ group: 'members' }, { group: 'odd' }, { user: 'm3' }],
      channels: ['EMAIL', 'IN_APP'],
    });
    const all = await completed(id);
    expect(all).toHaveLength(2_400);
    expect(new Set(all.map((d) => `${d.user} ${d.channel}`)).size).toBe(2_400);
    expect(all.every((d) => d.state === (d.channel === 'EMAIL' ? 'SENT' : 'DELIVERED'))).toBe(true);
    const addresses = sent.filter((m) => m.notification === id).map((m) => m.address);
    expect(new Set(addresses).size).toBe(1_200);
    expect(addresses).toHaveLength(1_200);
  });

  it('fails the delivery whose words cannot be made, and says why', async () => {
    const id = await accept({
      template: 'linked',
      content: undefined as never,
      to: [{ user: 'm2' }],
      channels: ['EMAIL', 'IN_APP'],
      data: { link: 'javascript:alert(1)' },
    });
    const all = await completed(id);
    expect(all.map((d) => [d.channel, d.state]).sort()).toEqual([
      ['EMAIL', 'SENT'],
      ['IN_APP', 'FAILED'],
    ]);
    expect(all.find((d) => d.channel === 'IN_APP')?.attempts).toMatchObject([
      { ok: false, errorCode: 'CHANNEL_RENDER_FAILED', errorMessage: expect.stringContaining('url') },
    ]);
  });

  it('skips with a reason', async () => {
    const id = await accept({ to: [{ user: 'm5' }], channels: ['SMS', 'WECHAT'] });
    const all = await completed(id);
    expect(Object.fromEntries(all.map((d) => [d.channel, d.skipReason]))).toEqual({
      SMS: 'NO_ADDRESS',
      WECHAT: 'CHANNEL_NOT_CONFIGURED',
    });
  });

  it('finds again what lost its job', async () => {
    const planless = await accept(
      { ...to('lost-plan@example.com'), nextAttemptAt: new Date(Date.now() - 60_000) },
      { queue: false },
    );
    await sweeper.sweep();
    await completed(planless);
    const token = randomBytes(4).toString('hex');
    const page = await accept(to(`lost-send-${token}@example.com`), { queue: false });
    const record = await notification(page);
    if (!record) throw new Error('not stored');
    // Planned by a worker that died before it could queue the send.
    await store.outbox.storePlans(
      [
        {
          notification: record,
          deliveries: [
            {
              channel: 'EMAIL',
              address: `lost-send-${token}@example.com`,
              content: { body: 'x', locale: 'en' },
            },
          ],
        },
      ],
      new Date(Date.now() - 60_000),
    );
    await sweeper.sweep();
    expect(await completed(page)).toMatchObject([{ state: 'SENT', attempt: 1 }]);
  });
});
