/** What providers and recipients say ends the next message: from the receipt or link to the plan. */
import { type FastifyInstance, fastify } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Channel } from '../../platform/graphql/contract-enums.ts';
import type { DeliveryRecord, NotificationRecord } from '../../subgraphs/notifications/index.ts';
import { OLGA, type OpenGraph, openGraph } from '../../subgraphs/notifications/testing/open-graph.ts';
import { silent } from '../../subgraphs/notifications/testing/open-store.ts';
import type { SignOfLife } from '../../subgraphs/users/index.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import type { OutgoingMessage, Receipt } from '../channels/contract.ts';
import type { ConfiguredProvider, ProviderSet } from '../channels/registry.ts';
import { sandbox } from '../channels/sandbox/provider.ts';
import { startDispatcher, unsubscribeLinksOf } from '../dispatcher.ts';
import { registerReceipts } from '../receipts/receipt-route.ts';
import { registerUnsubscribe } from './unsubscribe-route.ts';

const services = freshDatabase();
let graph: OpenGraph;
let app: FastifyInstance;

const sent: OutgoingMessage[] = [];
/** Addresses that the provider says are gone. */
const gone = new Set<string>();
const CHANNELS: readonly Channel[] = ['EMAIL', 'SMS', 'MOBILE_PUSH'];
/** A provider whose receipts are plain JSON. */
const account: ConfiguredProvider = {
  id: 'mail-a',
  definition: { ...sandbox, capabilities: { idempotent: true, html: true } },
  provider: {
    send: async (message) => {
      if (gone.has(message.address))
        return { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE', message: 'no such mailbox' };
      sent.push(message);
      return { kind: 'accepted', providerMessageId: `m-${message.delivery}` };
    },
    parseReceipts: async (raw) => ({
      kind: 'receipts',
      receipts: JSON.parse(raw.body.toString()) as Receipt[],
    }),
  },
};
const providers: ProviderSet = {
  account: (id) => (id === account.id ? account : undefined),
  accountsFor: (channel) => (CHANNELS.includes(channel) ? [account] : []),
  describe: () => Object.fromEntries(CHANNELS.map((channel) => [channel, account.id])),
  close: async () => undefined,
};
/** Signs of life that receipts gave. */
const seen: SignOfLife[] = [];
/** While true, what the users subgraph is told is lost. */
let usersAway = false;

beforeAll(async () => {
  graph = await openGraph(services, {
    SEND_MAX_ATTEMPTS: '1',
    HERALD_SECRET_KEY: 's'.repeat(32),
    HERALD_PUBLIC_URL: 'https://herald.example.com',
  });
  for (const id of ['ann', 'bob', 'cid', 'dan', 'eve', 'fay'])
    await graph.users.ensureUser('default', { id, email: `${id}@example.com` });
  const dispatcher = startDispatcher({ ...graph, providers, log: silent });
  graph.shutdown.onClose('dispatcher', () => dispatcher.close());
  const links = unsubscribeLinksOf(graph.settings);
  if (!links) throw new Error('no links');
  app = fastify();
  registerReceipts(app, {
    providers,
    store: graph.store.receipts,
    users: {
      suppress: async (entry) => {
        if (usersAway) throw new Error('away');
        await graph.users.suppress(entry);
      },
      withdrawConsent: (...told) => graph.users.withdrawConsent(...told),
      seen: (sign) => void seen.push(sign),
      engaged: (events) => graph.users.engaged(events),
    },
    log: silent,
    lookAgainMs: [100, 500],
  });
  registerUnsubscribe(app, {
    links,
    outbox: graph.store.outbox,
    users: graph.users,
    log: silent,
    lookAgainMs: [],
  });
});
afterAll(async () => {
  await app?.close();
  await graph?.close();
});
beforeEach(() => {
  sent.length = 0;
  gone.clear();
});

/** Its deliveries, when all of them have ended. */
async function send(to: object, more: object = {}): Promise<DeliveryRecord[]> {
  const { sendNotification } = await graph.run<{ sendNotification: { notification: { id: string } } }>(
    OLGA,
    'mutation ($i: SendNotificationInput!) { sendNotification(input: $i) { notification { id } } }',
    { i: { to: [to].flat(), channels: ['EMAIL'], content: { title: 't', body: 'b' }, ...more } },
  );
  return ended(sendNotification.notification.id);
}
async function ended(id: string): Promise<DeliveryRecord[]> {
  const { mongo } = graph.connections;
  for (const end = Date.now() + 90_000; Date.now() < end; ) {
    const record = await mongo.collection<NotificationRecord>('notifications').findOne({ _id: id });
    if (record?.state === 'COMPLETED')
      return mongo.collection<DeliveryRecord>('deliveries').find({ notification: id }).toArray();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${id} has not ended`);
}
const ends = (deliveries: readonly DeliveryRecord[]) =>
  deliveries.map(({ state, skipReason }) => (skipReason ? `${state} ${skipReason}` : state));

let receipts = 0;
const told = (kind: Receipt['kind'], delivery: DeliveryRecord | undefined, key = `r${receipts++}`) =>
  app.inject({
    method: 'POST',
    url: '/receipts/mail-a',
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify([{ key, kind, providerMessageId: `m-${delivery?._id}` }]),
  });
const recorded = async (address: string) => {
  const { suppressions } = await graph.run<{ suppressions: { nodes: object[] } }>(
    OLGA,
    `query ($a: String) { suppressions(filter: { address: $a }) {
      nodes { channel reason category account delivery } } }`,
    { a: address },
    'users',
  );
  return suppressions.nodes;
};
const preferences = async (user: string) =>
  (await graph.users.recipients('default', [user])).get(user)?.preferences;

it('who opens a message was there; who got one may not have looked', async () => {
  const [delivery] = await send({ user: 'ann' });
  seen.length = 0;
  await told('delivered', delivery);
  expect(seen).toEqual([]);
  await told('opened', delivery);
  expect(seen).toEqual([{ workspace: 'default', user: 'ann' }]);
  const device = { id: 'dev_1' };
  await graph.connections.mongo
    .collection<DeliveryRecord>('deliveries')
    .updateOne({ _id: delivery?._id ?? '' }, { $set: { device } });
  seen.length = 0;
  await told('clicked', delivery);
  expect(seen).toEqual([{ workspace: 'default', user: 'ann', device: 'dev_1' }]);
});

it('what somebody opens and clicks is counted once for each message', async () => {
  const [first] = await send({ user: 'fay' });
  const [second] = await send({ user: 'fay' });
  // A click is an opening, too; what is told again is no further one.
  for (const kind of ['clicked', 'opened', 'clicked'] as const) await told(kind, first);
  await told('opened', second, 'once');
  await told('opened', second, 'once');
  await told('delivered', second);
  const counts = async () => (await graph.users.recipients('default', ['fay'])).get('fay')?.counts;
  const expected = { opened: 2, clicked: 1, openedRecently: 2, clickedRecently: 1 };
  await expect.poll(counts).toEqual(expected);
  // What might still be written has been.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(await counts()).toEqual(expected);
});

it('a phone that its push service does not know any more is removed, and the others go on', async () => {
  const register = (token: string) =>
    graph.run(
      OLGA,
      'mutation ($d: DeviceInput!) { registerDevice(device: $d, user: "ann") { id } }',
      { d: { token, platform: 'ANDROID' } },
      'users',
    );
  for (const token of ['phone-1', 'phone-2']) await register(token);
  gone.add('phone-1');
  const push = { channels: ['MOBILE_PUSH'] };
  expect(ends(await send({ user: 'ann' }, push)).sort()).toEqual(['FAILED', 'SENT']);
  const devices = (await graph.users.recipients('default', ['ann'])).get('ann')?.devices;
  expect(devices?.map(({ endpoint }) => endpoint)).toEqual(['phone-2']);
  expect(await recorded('phone-1')).toEqual([]);
  sent.length = 0;
  expect(ends(await send({ user: 'ann' }, push))).toEqual(['SENT']);
  expect(sent.map(({ address, pushKeys }) => [address, pushKeys])).toEqual([['phone-2', undefined]]);
  // The app was installed again.
  gone.clear();
  await register('phone-1');
  expect(ends(await send({ user: 'ann' }, push))).toEqual(['SENT', 'SENT']);
});

describe('an address', () => {
  it.each([
    ['bounced', 'BOUNCED', 'ann'],
    ['complained', 'COMPLAINED', 'bob'],
  ] as const)('that %s gets nothing more, whoever it is written to for', async (kind, reason, user) => {
    const address = `${user}@example.com`;
    const [delivery] = await send({ user });
    expect((await told(kind, delivery)).statusCode).toBe(204);
    expect(await recorded(address)).toEqual([
      { channel: 'EMAIL', reason, category: null, account: 'mail-a', delivery: delivery?._id },
    ]);
    expect(ends(await send({ user }))).toEqual(['SKIPPED SUPPRESSED']);
    expect(
      ends(await send({ channel: 'EMAIL', address: address.toUpperCase() }, { priority: 'HIGH' })),
    ).toEqual(['SKIPPED SUPPRESSED']);
    expect(sent).toHaveLength(1);
    await graph.run(
      OLGA,
      'mutation ($a: String!) { removeSuppression(channel: EMAIL, address: $a) }',
      { a: address },
      'users',
    );
    expect(ends(await send({ user }))).toEqual(['SENT']);
  });

  it('of which a message failed is good for the next', async () => {
    const [delivery] = await send({ user: 'cid' });
    await told('failed', delivery);
    expect(ends(await send({ user: 'cid' }))).toEqual(['SENT']);
  });

  it('that the provider says is gone gets nothing more, by a replay neither', async () => {
    gone.add('gone@example.com');
    const to = [
      { channel: 'EMAIL', address: 'gone@example.com' },
      { channel: 'EMAIL', address: 'there@example.com' },
    ];
    const first = await send(to);
    expect(ends(first).sort()).toEqual(['FAILED', 'SENT']);
    const dead = first.find(({ state }) => state === 'FAILED');
    expect(await recorded('gone@example.com')).toEqual([
      { channel: 'EMAIL', reason: 'INVALID', category: null, account: 'mail-a', delivery: dead?._id },
    ]);
    expect(ends(await send(to)).sort()).toEqual(['SENT', 'SKIPPED SUPPRESSED']);
    const { replayDeadLetters } = await graph.run<{ replayDeadLetters: { replays: { id: string }[] } }>(
      OLGA,
      'mutation ($ids: [ID!]) { replayDeadLetters(ids: $ids) { replays { id } } }',
      { ids: [dead?._id] },
    );
    expect(ends(await ended(replayDeadLetters.replays[0]?.id ?? ''))).toEqual(['SKIPPED SUPPRESSED']);
    expect(sent.map(({ address }) => address)).toEqual(['there@example.com', 'there@example.com']);
  });

  it('is suppressed when the provider tells again, if it could not be written down at first', async () => {
    const [delivery] = await send({ user: 'dan' });
    usersAway = true;
    expect((await told('bounced', delivery, 'again')).statusCode).toBe(500);
    usersAway = false;
    expect(await recorded('dan@example.com')).toEqual([]);
    expect((await told('bounced', delivery, 'again')).statusCode).toBe(204);
    expect(await recorded('dan@example.com')).toMatchObject([{ reason: 'BOUNCED' }]);
    // Then the receipt is done with: an operator who says that the address is good is not overruled by it.
    const remove = 'mutation { removeSuppression(channel: EMAIL, address: "dan@example.com") }';
    await graph.run(OLGA, remove, {}, 'users');
    expect((await told('bounced', delivery, 'again')).statusCode).toBe(204);
    expect(await recorded('dan@example.com')).toEqual([]);
  });
});

describe('who unsubscribes', () => {
  it('at the provider gets no more of the category on the channel', async () => {
    const [delivery] = await send({ user: 'eve' }, { category: 'news' });
    await told('unsubscribed', delivery);
    expect(await preferences('eve')).toEqual([{ category: 'news', channel: 'EMAIL', enabled: false }]);
    expect(ends(await send({ user: 'eve' }, { category: 'news' }))).toEqual(['SKIPPED UNSUBSCRIBED']);
    expect(ends(await send({ user: 'eve' }, { category: 'bills' }))).toEqual(['SENT']);
    expect(await recorded('eve@example.com')).toEqual([]);
  });

  it('without being a user gets no more at the address, which stays good for the rest', async () => {
    const to = { channel: 'EMAIL', address: 'guest@example.com' };
    const [delivery] = await send(to, { category: 'news' });
    await told('unsubscribed', delivery);
    expect(await recorded(to.address)).toMatchObject([{ reason: 'UNSUBSCRIBED', category: 'news' }]);
    expect(ends(await send(to, { category: 'news' }))).toEqual(['SKIPPED UNSUBSCRIBED']);
    expect(ends(await send(to, { category: 'bills' }))).toEqual(['SENT']);
    expect(ends(await send(to))).toEqual(['SENT']);
  });

  const pathOf = (message: OutgoingMessage | undefined) => new URL(message?.unsubscribeUrl ?? '').pathname;

  it('by the link of a mail: a POST does it, a GET only asks', async () => {
    await graph.users.ensureUser('default', { id: 'fay', email: 'fay@example.com' });
    const [delivery] = await send({ user: 'fay' }, { category: 'offers' });
    const path = pathOf(sent[0]);
    expect(path).toMatch(new RegExp(`^/unsubscribe/${delivery?._id}\\.[\\w-]{22}$`));
    const page = await app.inject({ url: path });
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('<form method="post">');
    expect(page.body).toContain('f…@example.com');
    expect(await preferences('fay')).toEqual([]);

    // As RFC 8058, 3.2 has it; twice is no mistake.
    for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const done = await app.inject({
        method: 'POST',
        url: path,
        headers: { 'content-type': type },
        payload: 'List-Unsubscribe=One-Click',
      });
      expect(done.statusCode).toBe(200);
    }
    expect(await preferences('fay')).toEqual([{ category: 'offers', channel: 'EMAIL', enabled: false }]);
    expect(ends(await send({ user: 'fay' }, { category: 'offers' }))).toEqual(['SKIPPED UNSUBSCRIBED']);
    expect(ends(await send({ user: 'fay' }))).toEqual(['SENT']);
  });

  it('by the link of a mail to an address', async () => {
    const to = { channel: 'EMAIL', address: 'visitor@example.com' };
    await send(to, { category: 'offers' });
    expect((await app.inject({ method: 'POST', url: pathOf(sent[0]) })).statusCode).toBe(200);
    expect(await recorded(to.address)).toMatchObject([
      { reason: 'UNSUBSCRIBED', category: 'offers', account: null },
    ]);
    expect(ends(await send(to, { category: 'offers' }))).toEqual(['SKIPPED UNSUBSCRIBED']);
  });

  it('has a link only where there is something to unsubscribe from', async () => {
    await send({ user: 'ann' });
    await send({ user: 'ann' }, { category: 'codes', priority: 'HIGH' });
    await send({ channel: 'SMS', address: '+491701234567' }, { category: 'news', channels: ['SMS'] });
    expect(sent).toHaveLength(3);
    expect(sent.map(({ unsubscribeUrl }) => unsubscribeUrl)).toEqual([undefined, undefined, undefined]);
  });

  it('by a link that was made up, or cut off, changes nothing', async () => {
    await send({ channel: 'EMAIL', address: 'safe@example.com' }, { category: 'offers' });
    const path = pathOf(sent[0]);
    for (const url of [
      path.slice(0, -1),
      `${path}x`,
      '/unsubscribe/dlv_1.AAAAAAAAAAAAAAAAAAAAAA',
      '/unsubscribe/x',
    ])
      expect((await app.inject({ method: 'POST', url })).statusCode).toBe(404);
    expect(await recorded('safe@example.com')).toEqual([]);
  });
});
