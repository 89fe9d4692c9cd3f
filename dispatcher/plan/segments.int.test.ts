/** Sends to segments, from the mutation to the inbox. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/auth/principal.ts';
import type { DeliveryRecord, NotificationRecord } from '../../subgraphs/notifications/index.ts';
import { OLGA, type OpenGraph, openGraph } from '../../subgraphs/notifications/testing/open-graph.ts';
import { silent } from '../../subgraphs/notifications/testing/open-store.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import type { ProviderSet } from '../channels/registry.ts';
import { startDispatcher } from '../dispatcher.ts';
import { SEGMENT_PAGE } from './pages.ts';

const services = freshDatabase();
let graph: OpenGraph;
/** More than two pages; every hundredth is gold. */
const PEOPLE = 2 * SEGMENT_PAGE + 1;
const id = (n: number) => `p${String(n).padStart(4, '0')}`;
const GOLD = Array.from({ length: Math.ceil(PEOPLE / 100) }, (_, n) => id(n * 100));
const nobody: ProviderSet = {
  account: () => undefined,
  accountsFor: () => [],
  describe: () => ({}),
  close: async () => undefined,
};

beforeAll(async () => {
  graph = await openGraph(services);
  const now = new Date();
  await graph.connections.mongo.collection<{ _id: string }>('users').insertMany(
    Array.from({ length: PEOPLE }, (_, n) => ({
      _id: `default:${id(n)}`,
      workspace: 'default',
      id: id(n),
      groups: n < 2 ? ['first'] : [],
      groupKeys: n < 2 ? ['default:first'] : [],
      attributes: JSON.stringify({ tier: n % 100 === 0 ? 'gold' : 'none' }),
      addresses: [],
      preferences: [],
      preferredChannels: [],
      createdAt: now,
      updatedAt: now,
    })),
  );
  const dispatcher = startDispatcher({ ...graph, providers: nobody, log: silent });
  graph.shutdown.onClose('dispatcher', () => dispatcher.close());
  await save('gold', 'user.attributes.tier == "gold"');
  await save('last', `user.id == "${id(PEOPLE - 1)}"`);
  await save('nobody', 'user.id == "somebody else"');
});
afterAll(() => graph?.close());

const save = (segment: string, when: string) =>
  graph.run(
    OLGA,
    'mutation ($i: SegmentInput!) { saveSegment(input: $i) { id } }',
    { i: { id: segment, name: segment, when } },
    'users',
  );
const SEND = 'mutation ($i: SendNotificationInput!) { sendNotification(input: $i) { notification { id } } }';
const send = async (input: object) =>
  (await graph.run<{ sendNotification: { notification: { id: string } } }>(OLGA, SEND, { i: input }))
    .sendNotification.notification.id;
const words = { content: { body: 'b' }, channels: ['IN_APP'] };
/** Whom its deliveries went to, when all of them have ended. */
async function reached(notification: string): Promise<(string | undefined)[]> {
  const { mongo } = graph.connections;
  for (const end = Date.now() + 90_000; Date.now() < end; ) {
    const record = await mongo.collection<NotificationRecord>('notifications').findOne({ _id: notification });
    if (record?.state === 'COMPLETED') {
      const found = await mongo.collection<DeliveryRecord>('deliveries').find({ notification }).toArray();
      expect(found).toHaveLength(record.deliveryCount ?? 0);
      return found.map(({ user }) => user).sort();
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${notification} has not ended`);
}

describe('a send to a segment', () => {
  it.each<[what: string, to: object[], reached: string[]]>([
    ['all of it', [{ segment: 'gold' }], GOLD],
    ['one on the last page', [{ segment: 'last' }], [id(PEOPLE - 1)]],
    ['a segment of nobody', [{ segment: 'nobody' }], []],
    [
      'once who is in a group, a segment and named',
      [{ user: id(100) }, { group: 'first' }, { segment: 'gold' }, { segment: 'last' }],
      [...new Set([...GOLD, id(1), id(PEOPLE - 1)])].sort(),
    ],
  ])('reaches %s', async (_, to, users) => {
    expect(await reached(await send({ ...words, to }))).toEqual(users);
  });

  it.each<[field: string, to: object[]]>([
    ['input.to.1.segment', [{ user: id(1) }, { segment: 'unknown' }]],
    ['input.to.0.segment', [{ segment: 'gold', group: 'first' }]],
    ['input.to.0.segment', [{ segment: 'go ld' }]],
    ['input.to.0.channel', [{ segment: 'gold', channel: 'EMAIL' }]],
  ])('is refused with its field: %s of %j', async (field, to) => {
    expect(await graph.refused(OLGA, SEND, { i: { ...words, to } })).toMatchObject({
      code: 'BAD_USER_INPUT',
      field,
    });
  });
});

describe('a route to a segment', () => {
  const publish = (event: string, template: string, segment: string) =>
    graph.run(
      OLGA,
      `mutation ($t: ID!, $e: ID!, $s: ID!) {
        saveTemplate(input: { id: $t, name: "T", contents: [
          { channel: IN_APP, body: "{{#if user.lastOpenedAt}}Again ({{user.counts.opened}}){{else}}Hi{{/if}}" }
        ] }) { id }
        publishTemplate(id: $t) { id }
        saveRoute(input: { event: $e, actions: [
          { name: "main", template: $t, recipients: [{ segment: $s }] }
          { name: "also", template: $t, recipients: [{ group: "first" }], recipientWhen: "user.counts.opened > 0" }
        ] }) { actions { recipients { segment } } }
        publishRoute(event: $e) { publishedVersion }
      }`,
      { t: template, e: event, s: segment },
      'templates',
    );
  const reader: Principal = { kind: 'user', workspace: 'default', user: id(0), expiresAt: 4e12 };
  const inbox = async () =>
    (
      await graph.run<{ inbox: { nodes: { id: string; body: string }[] } }>(
        reader,
        '{ inbox(first: 2) { nodes { id body } } }',
      )
    ).inbox.nodes;

  it('speaks to people by what they have opened', async () => {
    expect(await publish('gold.news', 'gold-news', 'gold')).toMatchObject({
      saveRoute: { actions: [{ recipients: [{ segment: 'gold' }] }, { recipients: [{ segment: null }] }] },
    });
    expect(await reached(await send({ event: 'gold.news' }))).toEqual(GOLD);
    const [message] = await inbox();
    expect(message?.body).toBe('Hi');
    await graph.run(reader, 'mutation ($ids: [ID!]!) { markRead(ids: $ids) { id } }', { ids: [message?.id] });
    for (const end = Date.now() + 90_000; Date.now() < end; ) {
      const known = (await graph.users.recipients('default', [id(0)])).get(id(0));
      if (known?.lastOpenedAt) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const again = await reached(await send({ event: 'gold.news' }));
    // Of the group only who has opened something.
    expect(again).toEqual([id(0), ...GOLD]);
    expect((await inbox()).map(({ body }) => body)).toEqual(['Again (1)', 'Again (1)']);
  });

  it('is refused when the segment is deleted', async () => {
    await save('short', 'true');
    await publish('short.news', 'short-news', 'short');
    await graph.run(OLGA, 'mutation { deleteSegment(id: "short") }', {}, 'users');
    expect(await graph.refused(OLGA, SEND, { i: { event: 'short.news' } })).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'input.event',
      message: expect.stringContaining('There is no segment "short", whom the route of "short.news" names'),
    });
  });
});
