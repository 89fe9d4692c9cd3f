/** A caller's mistakes: each is answered with the contract's code and the field's name, and nothing is written. */
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { Graph, SEND, type Sent } from '../support/graph.ts';
import { usePlatform } from '../support/platform.ts';

const platform = usePlatform();

let store: mongoose.Connection;
beforeAll(async () => {
  store = await mongoose.createConnection(platform.database.mongodbUri).asPromise();
});
afterAll(() => store?.close());

/** What sends write. */
const COLLECTIONS = ['notifications', 'deliveries', 'inbox_messages'];
const written = async () =>
  Object.fromEntries(
    await Promise.all(
      COLLECTIONS.map(async (name) => [name, await store.collection(name).countDocuments()] as const),
    ),
  );

/** What was accepted before is still being delivered for a moment, and that is written. */
const settled = () =>
  eventually(
    () => store.collection('notifications').countDocuments({ state: { $in: ['ACCEPTED', 'PROCESSING'] } }),
    (count) => expect(count).toBe(0),
  );

const to = [{ user: 'demo' }];
const content = { body: 'Hello' };
const tomorrow = () => new Date(Date.now() + 86_400_000);

describe('a wrong input is BAD_USER_INPUT and names its field', () => {
  test.each<[string, string, Record<string, unknown>]>([
    ['no recipient', 'input.to', { content }],
    ['an empty list of recipients', 'input.to', { content, to: [] }],
    ['an entry that names nobody', 'input.to.0', { content, to: [{}] }],
    ['an entry that names two', 'input.to.1.group', { content, to: [...to, { user: 'demo', group: 'all' }] }],
    ['an unknown user', 'input.to.1.user', { content, to: [...to, { user: 'nobody' }] }],
    ['an unknown group', 'input.to.0.group', { content, to: [{ group: 'nobody' }] }],
    ['an unknown template', 'input.template', { template: 'nothing', to }],
    ['an unknown event', 'input.event', { event: 'nothing.happened', to }],
    ['a missing variable', 'input.data.product', { template: 'welcome', data: {}, to }],
    ['no words at all', 'input', { to }],
    ['event and template', 'input.template', { event: 'order.paid', template: 'welcome', to }],
    ['event and content', 'input.content', { event: 'order.paid', content, to }],
    ['template and content', 'input.content', { template: 'welcome', content, to }],
    ['all three', 'input.template', { event: 'order.paid', template: 'welcome', content, to }],
    [
      '1,001 recipients',
      'input.to',
      { content, to: Array.from({ length: 1_001 }, () => ({ user: 'demo' })) },
    ],
    ['data over 64 KiB', 'input.data', { template: 'welcome', data: { product: 'x'.repeat(65_536) }, to }],
    [
      'content data over 64 KiB',
      'input.content.data',
      { content: { ...content, data: { x: 'x'.repeat(65_536) } }, to },
    ],
    [
      'an expiresAt that is past',
      'input.expiresAt',
      { content, to, expiresAt: new Date(Date.now() - 60_000) },
    ],
    [
      'an expiresAt before sendAt',
      'input.expiresAt',
      { content, to, sendAt: tomorrow(), expiresAt: new Date(Date.now() + 3_600_000) },
    ],
    [
      'a bad e-mail address',
      'input.to.0.address',
      { content, to: [{ channel: 'EMAIL', address: 'not an address' }] },
    ],
    ['a bad phone number', 'input.to.0.address', { content, to: [{ channel: 'SMS', address: '12' }] }],
    [
      'a bad webhook address',
      'input.to.0.address',
      { content, to: [{ channel: 'WEBHOOK', address: 'ftp://example.com' }] },
    ],
    ['an address without a channel', 'input.to.0.channel', { content, to: [{ address: 'ada@example.com' }] }],
    ['no channel in the list', 'input.channels', { content, to, channels: [] }],
    [
      'a channel that the template lacks',
      'input.channels.0',
      { template: 'order-paid', data: { order: 'a', total: 'b' }, to, channels: ['SMS'] },
    ],
    [
      'a link that is a script',
      'input.content.url',
      { content: { ...content, url: 'javascript:alert(1)' }, to },
    ],
    ['an empty idempotency key', 'input.idempotencyKey', { content, to, idempotencyKey: '' }],
  ])('%s', async (_name, field, input) => {
    const before = await written();
    const { data, errors } = await platform.app.ask<Sent>(SEND, { input });
    expect(errors?.map(({ extensions }) => extensions)).toEqual([{ code: 'BAD_USER_INPUT', field }]);
    expect(errors?.[0]?.message).not.toBe('');
    expect(data?.sendNotification).toBeUndefined();
    expect(await written()).toEqual(before);
  });

  test.each<[string, Record<string, unknown>]>([
    ['a channel that there is not', { content, to, channels: ['PIGEON'] }],
    ['a time that is none', { content, to, sendAt: 'soon' }],
    ['a field that there is not', { content, to, subject: 'Hello' }],
    ['a body that is no text', { content: { body: 7 }, to }],
  ])('%s is BAD_USER_INPUT', async (_name, input) => {
    const before = await written();
    const { errors } = await platform.app.ask<Sent>(SEND, { input });
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
    expect(await written()).toEqual(before);
  });
});

describe('sendNotifications', () => {
  const SEND_MANY = `mutation SendMany($inputs: [SendNotificationInput!]!) {
    sendNotifications(inputs: $inputs) { notification { id } deduplicated error { code field } }
  }`;

  test.each([0, 1_001])('%i inputs are refused as a whole', async (length) => {
    const before = await written();
    const inputs = Array.from({ length }, () => ({ content, to }));
    const { errors } = await platform.app.ask(SEND_MANY, { inputs });
    expect(errors?.map(({ extensions }) => extensions)).toEqual([
      { code: 'BAD_USER_INPUT', field: 'inputs' },
    ]);
    expect(await written()).toEqual(before);
  });

  test('a bad entry has an error and does not stop the others', async () => {
    const before = await store.collection('notifications').countDocuments();
    const { sendNotifications } = await platform.app.data<{ sendNotifications: unknown[] }>(SEND_MANY, {
      inputs: [
        { content, to, channels: ['IN_APP'] },
        { content, to: [{ user: 'nobody' }] },
        { template: 'nothing', to },
        { content, to, channels: ['IN_APP'] },
      ],
    });
    const accepted = {
      notification: { id: expect.stringMatching(/^ntf_/) },
      deduplicated: false,
      error: null,
    };
    const refused = (field: string) => ({
      notification: null,
      deduplicated: false,
      error: { code: 'BAD_USER_INPUT', field },
    });
    expect(sendNotifications).toEqual([
      accepted,
      refused('inputs.1.to.0.user'),
      refused('inputs.2.template'),
      accepted,
    ]);
    expect(await store.collection('notifications').countDocuments()).toBe(before + 2);
  });
});

describe('credentials', () => {
  const input = { content, to, channels: ['IN_APP'] };

  async function refusedAs(graph: Graph, code: string): Promise<void> {
    await settled();
    const before = await written();
    const { errors } = await graph.ask<Sent>(SEND, { input });
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual([code]);
    expect(await written()).toEqual(before);
  }

  test.each([
    ['none', undefined],
    ['a wrong API key', `hk_${'x'.repeat(43)}`],
    ['a wrong operator key', `ho_${'x'.repeat(43)}`],
    ['a word', 'password'],
    ['a token of somebody else', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJkZW1vIiwid3MiOiJkZWZhdWx0In0.'],
  ])('%s is UNAUTHENTICATED', async (_name, credential) => {
    await refusedAs(new Graph(platform.url, credential), 'UNAUTHENTICATED');
  });

  test('a revoked key is UNAUTHENTICATED within seconds', async () => {
    const { createApp } = await platform.operator.data<{
      createApp: { app: { id: string }; apiKey: string };
    }>('mutation { createApp(name: "Short-lived") { app { id } apiKey } }');
    const app = new Graph(platform.url, createApp.apiKey);
    await app.data<Sent>(SEND, { input });
    const { app: found } = await platform.operator.data<{ app: { keys: { id: string }[] } }>(
      'query Keys($id: ID!) { app(id: $id) { keys { id } } }',
      { id: createApp.app.id },
    );
    await platform.operator.data('mutation Revoke($id: ID!) { revokeKey(id: $id) { revokedAt } }', {
      id: found.keys[0]?.id,
    });
    await expect
      .poll(async () => (await app.ask(SEND, { input })).errors?.[0]?.extensions.code)
      .toBe('UNAUTHENTICATED');
    await refusedAs(app, 'UNAUTHENTICATED');
  });

  test("a user token may not call a service's field", async () => {
    await refusedAs(await platform.user('demo'), 'FORBIDDEN');
  });

  test.each([
    'mutation { saveTemplate(input: { id: "t", name: "T", contents: [{ channel: IN_APP, body: "b" }] }) { id } }',
    'mutation { publishTemplate(id: "welcome") { id } }',
    'mutation { createApp(name: "Mine") { apiKey } }',
    'mutation { createOperatorKey(name: "Mine") { secret } }',
    'mutation { createWorkspace(id: "mine", name: "Mine") { operatorKey } }',
    '{ operatorKeys { id } }',
    '{ apps { nodes { id } } }',
  ])("a user token and an API key may not call an operator's field: %s", async (query) => {
    for (const graph of [await platform.user('demo'), platform.app]) {
      const { errors } = await graph.ask(query);
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    }
  });
});

describe('another workspace', () => {
  let other: Graph;
  let theirs: string;
  const CREATE = `mutation Create($id: ID!) { createWorkspace(id: $id, name: "Other") { operatorKey } }`;

  beforeAll(async () => {
    const created = await platform.operator.data<{ createWorkspace: { operatorKey: string } }>(CREATE, {
      id: 'other',
    });
    other = new Graph(platform.url, created.createWorkspace.operatorKey);
    await other.data('mutation { upsertUsers(users: [{ id: "eve" }]) { id } }');
    const { sendNotification } = await other.data<Sent>(SEND, {
      input: { content, to: [{ user: 'eve' }], channels: ['IN_APP'] },
    });
    theirs = sendNotification.notification.id;
  });

  test.each([
    'query Read($id: ID!) { notification(id: $id) { id } }',
    'mutation Cancel($id: ID!) { cancelNotification(id: $id) { id } }',
    'mutation Replay($id: ID!) { replayNotification(id: $id) { id } }',
  ])('its notification is NOT_FOUND: %s', async (query) => {
    for (const graph of [platform.app, platform.operator]) {
      const { errors } = await graph.ask(query, { id: theirs });
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['NOT_FOUND']);
    }
  });

  test('its users are unknown here, and ours there', async () => {
    const { errors } = await platform.app.ask(SEND, { input: { content, to: [{ user: 'eve' }] } });
    expect(errors?.map(({ extensions }) => extensions)).toEqual([
      { code: 'BAD_USER_INPUT', field: 'input.to.0.user' },
    ]);
    const there = await other.ask(SEND, { input: { content, to } });
    expect(there.errors?.map(({ extensions }) => extensions)).toEqual([
      { code: 'BAD_USER_INPUT', field: 'input.to.0.user' },
    ]);
  });

  test('its operator may not make workspaces, and lists only what is theirs', async () => {
    const { errors } = await other.ask(CREATE, { id: 'third' });
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    expect(
      await other.data('{ notifications { totalCount nodes { id } } templates { nodes { id } } }'),
    ).toEqual({
      notifications: { totalCount: 1, nodes: [{ id: theirs }] },
      templates: { nodes: [] },
    });
  });
});
