/** The same send twice is one; what was accepted survives a killed dispatcher and a restart. */
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { Graph, SEND, type Sent } from '../support/graph.ts';
import { usePlatform } from '../support/platform.ts';

/** A killed worker's claims end after twice this and 30 s: the shorter, the sooner the test. */
const platform = usePlatform({ SEND_TIMEOUT_MS: '1000' });

let store: mongoose.Connection;
beforeAll(async () => {
  store = await mongoose.createConnection(platform.database.mongodbUri).asPromise();
});
afterAll(() => store?.close());
const stored = () => store.collection('notifications').countDocuments();

describe('an idempotency key', () => {
  const input = {
    idempotencyKey: 'order-1042',
    content: { title: 'Paid', body: 'Thank you' },
    to: [{ user: 'demo' }],
    channels: ['IN_APP'],
    data: { b: 2, a: 1 },
  };

  test('ten racing sends of one key are one notification, and get one answer', async () => {
    const before = await stored();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => platform.app.data<Sent>(SEND, { input })),
    );
    const ids = answers.map(({ sendNotification }) => sendNotification.notification.id);
    expect(new Set(ids).size).toBe(1);
    expect(answers.filter(({ sendNotification }) => !sendNotification.deduplicated)).toHaveLength(1);
    expect(await stored()).toBe(before + 1);

    // The order of members of a JSON object means nothing.
    const again = await platform.app.data<Sent>(SEND, { input: { ...input, data: { a: 1, b: 2 } } });
    expect(again.sendNotification).toMatchObject({ deduplicated: true, notification: { id: ids[0] } });
    expect(await stored()).toBe(before + 1);
  });

  test('with another input it is CONFLICT', async () => {
    const before = await stored();
    const { errors } = await platform.app.ask(SEND, { input: { ...input, data: { a: 1, b: 3 } } });
    expect(errors?.map(({ extensions }) => extensions)).toEqual([
      { code: 'CONFLICT', field: 'input.idempotencyKey' },
    ]);
    expect(await stored()).toBe(before);
  });

  test("it is the app's own", async () => {
    const { createApp } = await platform.operator.data<{ createApp: { apiKey: string } }>(
      'mutation { createApp(name: "Another") { apiKey } }',
    );
    const sent = await new Graph(platform.url, createApp.apiKey).data<Sent>(SEND, { input });
    expect(sent.sendNotification.deduplicated).toBe(false);
  });
});

describe('a dispatcher that is killed', () => {
  const COUNT = 1_000;
  const SEND_MANY = `mutation SendMany($inputs: [SendNotificationInput!]!) {
    sendNotifications(inputs: $inputs) { notification { id } error { message } }
  }`;
  const OPEN = `{ notifications(filter: { state: [ACCEPTED, PROCESSING, SCHEDULED] }) { totalCount } }`;
  const USERS = Array.from({ length: 20 }, (_, index) => `u${index}`);

  const finished = () =>
    store.collection('deliveries').countDocuments({ state: { $in: ['SENT', 'DELIVERED'] } });

  test('is started again, and everything completes once', async () => {
    await platform.operator.data(
      'mutation Users($users: [UserInput!]!) { upsertUsers(users: $users) { id } }',
      {
        users: USERS.map((id) => ({ id, email: `${id}@example.org` })),
      },
    );
    const killed = await platform.pidOf('dispatcher');
    if (killed === undefined) throw new Error('there is no dispatcher');
    const inputs = Array.from({ length: COUNT }, (_, index) => ({
      content: { title: `Number ${index}`, body: 'Hello' },
      to: [{ user: USERS[index % USERS.length] }],
      channels: ['IN_APP', 'EMAIL'],
    }));
    const before = await finished();
    const sending = platform.app.data<{ sendNotifications: { notification: { id: string } | null }[] }>(
      SEND_MANY,
      { inputs },
    );
    // In the middle: some are done, and some are not.
    await eventually(finished, (count) => expect(count).toBeGreaterThan(before));
    process.kill(killed, 'SIGKILL');
    const atTheKill = (await finished()) - before;
    expect(atTheKill).toBeLessThan(2 * COUNT);
    const { sendNotifications } = await sending;
    const ids = sendNotifications.map(({ notification }) => notification?.id);
    expect(new Set(ids).size).toBe(COUNT);

    await eventually(
      () => platform.pidOf('dispatcher'),
      (pid) => {
        expect(pid).toBeDefined();
        expect(pid).not.toBe(killed);
      },
      60_000,
    );
    await eventually(
      () => platform.operator.data<{ notifications: { totalCount: number } }>(OPEN),
      ({ notifications }) => expect(notifications.totalCount).toBe(0),
      180_000,
    );
    const states = await store
      .collection('deliveries')
      .aggregate<{ _id: string; count: number }>([
        { $match: { notification: { $in: ids } } },
        { $group: { _id: '$state', count: { $sum: 1 } } },
      ])
      .toArray();
    expect(Object.fromEntries(states.map(({ _id, count }) => [_id, count]))).toEqual({
      SENT: COUNT,
      DELIVERED: COUNT,
    });
    // Nobody has a message twice.
    const titles = await Promise.all(
      USERS.map(async (user) => {
        const { inbox } = await (await platform.user(user)).data<{
          inbox: { unreadCount: number; nodes: { title: string }[] };
        }>('{ inbox(first: 100) { unreadCount nodes { title } } }');
        expect(inbox.unreadCount).toBe(COUNT / USERS.length);
        return inbox.nodes.map(({ title }) => title);
      }),
    );
    expect(titles.flat()).toHaveLength(COUNT);
    expect(new Set(titles.flat()).size).toBe(COUNT);
  });
});

test('after a restart everything is there', async () => {
  const ALL = `{
    notifications(first: 100) { totalCount nodes { id state createdAt timeline { at type channel } } }
    templates { nodes { id publishedVersion } }
    user(id: "demo") { name email }
  }`;
  const before = await platform.operator.data(ALL);
  const inbox = '{ inbox(first: 100) { unreadCount nodes { id title readAt } } }';
  const inboxBefore = await (await platform.user('demo')).data(inbox);
  const key = platform.operatorKey;

  expect(await platform.stop()).toBe(0);
  await platform.start();

  expect(platform.operatorKey).toBe(key);
  expect(await platform.operator.data(ALL)).toEqual(before);
  expect(await (await platform.user('demo')).data(inbox)).toEqual(inboxBefore);
  const { sendNotification } = await platform.app.data<Sent>(SEND, {
    input: { content: { body: 'Here again' }, to: [{ user: 'demo' }], channels: ['IN_APP'] },
  });
  await eventually(
    () =>
      platform.app.data<{ notification: { state: string } }>(
        'query State($id: ID!) { notification(id: $id) { state } }',
        {
          id: sendNotification.notification.id,
        },
      ),
    ({ notification }) => expect(notification.state).toBe('COMPLETED'),
  );
});
