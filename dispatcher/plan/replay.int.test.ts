/** Replays from the mutation to the provider: who gets what, and what became of the dead letters. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryRecord, NotificationRecord } from '../../subgraphs/notifications/index.ts';
import { OLGA, type OpenGraph, openGraph } from '../../subgraphs/notifications/testing/open-graph.ts';
import { silent } from '../../subgraphs/notifications/testing/open-store.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import type { OutgoingMessage } from '../channels/contract.ts';
import type { ProviderSet } from '../channels/registry.ts';
import { sandbox } from '../channels/sandbox/provider.ts';
import { startDispatcher } from '../dispatcher.ts';

const services = freshDatabase();
let graph: OpenGraph;

const sent: OutgoingMessage[] = [];
/** While it is true the provider refuses everything for good. */
let refusing = true;
const providers: ProviderSet = {
  account: () => undefined,
  accountsFor: () => [
    {
      id: 'scripted',
      definition: { ...sandbox, capabilities: { idempotent: true, html: true } },
      provider: {
        send: async (message) => {
          if (refusing) return { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED', message: 'not now' };
          sent.push(message);
          return { kind: 'accepted' };
        },
      },
    },
  ],
  describe: () => ({ EMAIL: 'scripted' }),
  close: async () => undefined,
};

const template = (body: string) =>
  graph.run(
    OLGA,
    `mutation ($b: String!) {
      saveTemplate(input: { id: "note", name: "Note", contents: [
        { channel: EMAIL, title: "Note", body: $b }, { channel: IN_APP, body: "{{body}}", url: "{{link}}" }
      ] }) { id }
      publishTemplate(id: "note") { publishedVersion }
    }`,
    { b: body },
    'templates',
  );

beforeAll(async () => {
  graph = await openGraph(services, { SEND_MAX_ATTEMPTS: '1' });
  for (const id of ['ann', 'bob', 'cid'])
    await graph.users.ensureUser('default', { id, email: `${id}@example.com` });
  await template('Hello {{name}}');
  const dispatcher = startDispatcher({
    settings: graph.settings,
    connections: graph.connections,
    store: graph.store,
    users: graph.users,
    templates: graph.templates,
    providers,
    log: silent,
  });
  graph.shutdown.onClose('dispatcher', () => dispatcher.close());
});
afterAll(() => graph.close());
beforeEach(() => {
  refusing = true;
  sent.length = 0;
});

const send = async (input: object) =>
  (
    await graph.run<{ sendNotification: { notification: { id: string } } }>(
      OLGA,
      'mutation ($i: SendNotificationInput!) { sendNotification(input: $i) { notification { id } } }',
      { i: input },
    )
  ).sendNotification.notification.id;
/** Its deliveries, when all of them have ended. */
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
const replay = async (variables: object) => {
  const { replayDeadLetters } = await graph.run<{
    replayDeadLetters: { count: number; replays: { id: string }[] };
  }>(
    OLGA,
    `mutation ($ids: [ID!], $filter: DeadLetterFilter, $edit: ReplayEditInput) {
      replayDeadLetters(ids: $ids, filter: $filter, edit: $edit) { count replays { id } }
    }`,
    { ...variables },
  );
  return replayDeadLetters;
};
const optOut = (id: string) =>
  graph.run(
    { kind: 'user', workspace: 'default', user: id, expiresAt: 4e9 },
    'mutation { setPreferences(preferences: [{ category: "news", channel: EMAIL, enabled: false }]) { id } }',
    {},
    'users',
  );

describe('a replay', () => {
  it('sends the words of then to the address of then, but not to who has opted out since', async () => {
    const id = await send({
      content: { title: 'News', body: 'Fresh' },
      to: [{ user: 'ann' }, { user: 'bob' }],
      channels: ['EMAIL'],
      category: 'news',
    });
    expect((await ended(id)).map((d) => d.state)).toEqual(['FAILED', 'FAILED']);
    refusing = false;
    await optOut('bob');
    await graph.run(
      OLGA,
      'mutation { upsertUsers(users: [{ id: "ann", email: "elsewhere@example.com" }]) { id } }',
      {},
      'users',
    );
    const { count, replays } = await replay({ filter: { notification: id } });
    expect(count).toBe(2);
    const deliveries = await ended(replays[0]?.id ?? '');
    expect(deliveries.map((d) => [d.user, d.state, d.skipReason]).sort()).toEqual([
      ['ann', 'SENT', undefined],
      ['bob', 'SKIPPED', 'UNSUBSCRIBED'],
    ]);
    expect(sent).toMatchObject([
      { address: 'ann@example.com', title: 'News', body: 'Fresh', category: 'news' },
    ]);
  });

  it('with edited data is rendered by the version that is published now', async () => {
    const id = await send({
      template: 'note',
      data: { name: 'Nobody' },
      to: [{ user: 'cid' }],
      channels: ['EMAIL'],
    });
    const [failed] = await ended(id);
    refusing = false;
    await template('Good day {{name}}');
    const { replays } = await replay({
      ids: [failed?._id],
      edit: { data: { name: 'Cid' }, address: 'cid@work.example' },
    });
    expect(await ended(replays[0]?.id ?? '')).toMatchObject([{ state: 'SENT', address: 'cid@work.example' }]);
    expect(sent).toMatchObject([{ body: 'Good day Cid', address: 'cid@work.example' }]);
    const { auditEntries } = await graph.run<{ auditEntries: { nodes: object[] } }>(
      OLGA,
      'query ($id: ID!) { auditEntries(filter: { notification: $id }) { nodes { before after } } }',
      { id },
    );
    expect(auditEntries.nodes).toEqual([
      {
        before: { address: 'cid@example.com', data: { name: 'Nobody' } },
        after: { address: 'cid@work.example', data: { name: 'Cid' } },
      },
    ]);
  });

  it('puts into words what could not be rendered, into the inbox too', async () => {
    const id = await send({
      template: 'note',
      data: { body: 'Look', link: 'javascript:alert(1)' },
      to: [{ user: 'cid' }],
      channels: ['IN_APP'],
    });
    expect(await ended(id)).toMatchObject([{ channel: 'IN_APP', state: 'FAILED' }]);
    const { replays } = await replay({
      filter: { notification: id },
      edit: { data: { body: 'Look', link: 'https://example.com' } },
    });
    expect(await ended(replays[0]?.id ?? '')).toMatchObject([{ channel: 'IN_APP', state: 'DELIVERED' }]);
  });

  it('that fails makes a dead letter of its own, which can be replayed in turn', async () => {
    const id = await send({ content: { body: 'x' }, to: [{ channel: 'EMAIL', address: 'y@example.com' }] });
    await ended(id);
    const first = await replay({ filter: { notification: id } });
    const again = first.replays[0]?.id ?? '';
    expect(await ended(again)).toMatchObject([{ state: 'FAILED' }]);
    refusing = false;
    const second = await replay({ filter: { notification: again }, edit: { content: { body: 'z' } } });
    expect(second.count).toBe(1);
    expect(await ended(second.replays[0]?.id ?? '')).toMatchObject([{ state: 'SENT' }]);
    expect(sent).toMatchObject([{ address: 'y@example.com', body: 'z' }]);
  });
});
