/** Follow-ups that cannot be accepted, from the event that brings them about to their replay. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHANNELS } from '../../platform/graphql/contract-enums.ts';
import type {
  DeliveryRecord,
  EventEffects,
  NotificationRecord,
} from '../../subgraphs/notifications/index.ts';
import { OLGA, type OpenGraph, openGraph } from '../../subgraphs/notifications/testing/open-graph.ts';
import { notification, silent } from '../../subgraphs/notifications/testing/open-store.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { Planner } from './planner.ts';

const services = freshDatabase();
let graph: OpenGraph;
let effects: EventEffects;
let planner: Planner;
beforeAll(async () => {
  graph = await openGraph(services);
  const { users, templates, store, connections } = graph;
  effects = store.effects({ queues: connections.queues, users, templates, chunkSize: 10 });
  planner = new Planner({
    outbox: store.outbox,
    rules: store.rules,
    users,
    templates,
    effects,
    configured: () => new Set(CHANNELS),
    enqueue: async () => undefined,
    log: silent,
  });
  await users.ensureUser('default', { id: 'ann', email: 'ann@example.com' });
  await graph.run(
    OLGA,
    `mutation ($variables: JSON!) {
      saveTemplate(input: { id: "thanks", name: "Thanks", variables: $variables, sample: { code: "X" },
        contents: [{ channel: EMAIL, title: "Thanks", body: "Your code: {{code}}" }] }) { id }
      publishTemplate(id: "thanks") { publishedVersion }
      saveRoute(input: { event: "order.thanked", template: "thanks" }) { event }
      publishRoute(event: "order.thanked") { publishedVersion }
    }`,
    {
      variables: { type: 'object', properties: { code: { type: 'string' } }, required: ['code'] },
    },
    'templates',
  );
}, 60_000);
afterAll(async () => {
  await planner.close();
  await effects.close();
  await graph.close();
});

const notifications = () => graph.connections.mongo.collection<NotificationRecord>('notifications');
const deliveriesOf = (id: string) =>
  graph.connections.mongo.collection<DeliveryRecord>('deliveries').find({ notification: id }).toArray();
const plan = (id: string) => planner.plan([id], { queuedAt: Date.now(), heldUntil: Date.now() + 6_000 });

/** Plans an event that brings others about. */
async function bringAbout(
  data: Record<string, unknown>,
  events: readonly string[],
  changes: Partial<NotificationRecord> = {},
): Promise<{ parent: string; children: () => Promise<NotificationRecord[]> }> {
  const followUps = events.map((event, index) => ({ event, afterSeconds: index, to: [{ user: 'ann' }] }));
  const record = notification({ event: 'order.paid', channels: ['EMAIL'], data, followUps, ...changes });
  await notifications().insertOne(record);
  await plan(record._id);
  const children = () => notifications().find({ followUpOf: record._id }).sort({ idem: 1 }).toArray();
  return { parent: record._id, children };
}

interface Letters {
  readonly deadLetters: {
    readonly nodes: readonly {
      readonly id: string;
      readonly state: string;
      readonly notification: { readonly id: string; readonly timeline: readonly { readonly type: string }[] };
    }[];
  };
}
const LETTERS = `query ($notification: ID!) { deadLetters(filter: { notification: $notification }) { nodes {
  id state reason provider lastError event notification { id timeline { type detail } }
} } }`;
const lettersOf = async (id: string) =>
  (await graph.run<Letters>(OLGA, LETTERS, { notification: id })).deadLetters.nodes;
const REPLAY = `mutation ($ids: [ID!], $filter: DeadLetterFilter, $edit: ReplayEditInput) {
  replayDeadLetters(ids: $ids, filter: $filter, edit: $edit) { count replays { id } left { id code message } }
}`;

describe('a follow-up whose data do not suit', () => {
  it('is one dead letter that tells why, however often its event is planned; the event itself is sent', async () => {
    const { parent, children } = await bringAbout({}, ['order.thanked']);
    expect(await deliveriesOf(parent)).toMatchObject([{ state: 'QUEUED', channel: 'EMAIL' }]);
    const [child, ...others] = await children();
    expect(others).toEqual([]);
    if (!child) throw new Error('nothing was kept of it');
    await plan(child._id);
    expect(await lettersOf(child._id)).toMatchObject([
      {
        state: 'OPEN',
        reason: 'CHANNEL_EVENT_REFUSED',
        provider: 'route',
        lastError: expect.stringContaining('followUps.0.data.code'),
        event: 'order.thanked',
        notification: {
          timeline: expect.arrayContaining([
            { type: 'followUpOf', detail: { notification: parent } },
            expect.objectContaining({ type: 'refused' }),
          ]),
        },
      },
    ]);
    await notifications().updateOne({ _id: parent }, { $set: { planned: false, state: 'PROCESSING' } });
    await plan(parent);
    expect(await children()).toHaveLength(1);
  });

  it('is accepted anew by its replay, once its data suit', async () => {
    const { parent, children } = await bringAbout({}, ['order.thanked']);
    const [child] = await children();
    if (!child) throw new Error('nothing was kept of it');
    await plan(child._id);
    const [letter] = await lettersOf(child._id);
    const ids = [letter?.id];
    expect(await graph.refused(OLGA, REPLAY, { ids })).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'event.data.code',
    });
    expect(await graph.run(OLGA, REPLAY, { filter: { notification: child._id } })).toMatchObject({
      replayDeadLetters: { count: 0, left: [{ id: letter?.id, code: 'BAD_USER_INPUT' }] },
    });
    expect(await graph.refused(OLGA, REPLAY, { ids, edit: { content: { body: 'x' } } })).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'edit.content',
    });
    const { replayDeadLetters } = await graph.run<{
      readonly replayDeadLetters: { readonly replays: readonly { readonly id: string }[] };
    }>(OLGA, REPLAY, { ids, edit: { data: { code: 'A1' } } });
    const replay = replayDeadLetters.replays[0]?.id ?? '';
    await plan(replay);
    expect(await deliveriesOf(replay)).toMatchObject([
      { state: 'QUEUED', user: 'ann', content: { body: 'Your code: A1' } },
    ]);
    expect(await notifications().findOne({ _id: replay })).toMatchObject({
      replayOf: child._id,
      followUpOf: parent,
      event: 'order.thanked',
    });
    expect(await lettersOf(child._id)).toMatchObject([{ state: 'REPLAYED' }]);
  });
});

describe('follow-ups', () => {
  it('are each accepted once, an event that is named several times as often', async () => {
    const long = `order.${'x'.repeat(190)}`;
    const { parent, children } = await bringAbout({ code: 'B2' }, [
      'order.thanked',
      'order.thanked',
      long,
      `${long}y`,
    ]);
    const found = await children();
    expect(found.map(({ event, refusal }) => [event, refusal?.code]).sort()).toEqual([
      ['order.thanked', undefined],
      ['order.thanked', undefined],
      // Nothing is published for them; their keys differ all the same.
      [long, 'BAD_USER_INPUT'],
      [`${long}y`, 'BAD_USER_INPUT'],
    ]);
    await notifications().updateOne({ _id: parent }, { $set: { planned: false, state: 'PROCESSING' } });
    await plan(parent);
    expect(await children()).toHaveLength(4);
  });

  it('that go round in a circle are handed to a person', async () => {
    const { children } = await bringAbout({ code: 'C3' }, ['order.thanked'], { followUpDepth: 10 });
    expect(await children()).toMatchObject([{ refusal: { code: 'CONFLICT' }, followUpDepth: 11 }]);
  });
});
