/** A shop decides by routes what its events say to whom, and changes its mind while Herald runs. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { Graph } from '../support/graph.ts';
import { usePlatform } from '../support/platform.ts';

const platform = usePlatform({ WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8' });
/** What the warehouse was told. */
const received: { readonly body?: string }[] = [];
let warehouse: Server;
let url: string;

const SEND = `mutation Send($input: SendNotificationInput!) {
  sendNotification(input: $input) { deduplicated notification { id state } }
}`;
const TOLD = `query Told($id: ID!) { notification(id: $id) {
  id state expiresAt passedOver { action because } timeline { type detail }
  deliveries { nodes { channel state action address user { id } } }
} }`;
interface Told {
  readonly id: string;
  readonly state: string;
  readonly expiresAt: string | null;
  readonly passedOver: readonly { readonly action: string | null; readonly because: string }[];
  readonly timeline: readonly { readonly type: string; readonly detail: Record<string, unknown> | null }[];
  readonly deliveries: {
    readonly nodes: readonly {
      readonly channel: string;
      readonly state: string;
      readonly action: string | null;
      readonly address: string | null;
      readonly user: { readonly id: string } | null;
    }[];
  };
}

const template = (id: string, ...channels: string[]) => ({
  id,
  name: id,
  contents: channels.map((channel) => ({
    channel,
    ...(channel !== 'SMS' && { title: `${id} {{order.id}}` }),
    body: `${id} of order {{order.id}}`,
  })),
});
const publish = async (route: Record<string, unknown>) => {
  await platform.operator.data(
    `mutation Publish($route: RouteInput!, $event: ID!) {
      saveRoute(input: $route) { event class }
      publishRoute(event: $event) { publishedVersion }
    }`,
    { route, event: route.event },
  );
};

beforeAll(async () => {
  warehouse = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      received.push(JSON.parse(text) as { body?: string });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((listening) => warehouse.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(warehouse.address() as AddressInfo).port}/hook`;
  await platform.app.data('mutation Users($users: [UserInput!]!) { upsertUsers(users: $users) { id } }', {
    users: [
      {
        id: 'ann',
        phone: '+493012345670',
        email: 'ann@example.org',
        attributes: { tier: 'gold' },
        groups: ['all'],
      },
      {
        id: 'bob',
        phone: '+493012345671',
        email: 'bob@example.org',
        attributes: { tier: 'none' },
        groups: ['all'],
      },
    ],
  });
  for (const input of [
    template('paid-customer', 'SMS'),
    template('paid-support', 'EMAIL'),
    template('paid-logistics', 'WEBHOOK'),
    template('reminder', 'SMS', 'EMAIL'),
  ])
    await platform.operator.data(
      `mutation Template($input: TemplateInput!, $id: ID!) {
        saveTemplate(input: $input) { id }
        publishTemplate(id: $id) { publishedVersion }
      }`,
      { input, id: input.id },
    );
});

afterAll(() => warehouse?.close());

const send = async (event: string, data: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  (
    await platform.app.data<{ sendNotification: { notification: { id: string } } }>(SEND, {
      input: { event, data, ...more },
    })
  ).sendNotification.notification.id;
const told = async (id: string) =>
  (await platform.app.data<{ notification: Told }>(TOLD, { id })).notification;
const inState = (id: string, state: string) =>
  eventually(
    () => told(id),
    (notification) => expect(notification.state).toBe(state),
  );
const sentTo = ({ deliveries }: Told) =>
  deliveries.nodes
    .map(({ action, channel, address, state }) => `${action} ${channel} ${address} ${state}`)
    .sort();

test('one event sends the customer an SMS, support an e-mail and logistics a webhook, each in its own words', async () => {
  await publish({
    event: 'shop.paid',
    expiresAfterSeconds: 3600,
    actions: [
      { name: 'customer', template: 'paid-customer', recipients: [{ userFrom: 'customer.id' }] },
      {
        name: 'support',
        template: 'paid-support',
        when: 'data.order.total > 1000',
        recipients: [{ channel: 'EMAIL', address: 'support@example.org' }],
      },
      {
        name: 'logistics',
        template: 'paid-logistics',
        recipients: [{ channel: 'WEBHOOK', addressFrom: 'warehouse.url' }],
      },
    ],
  });
  const data = {
    customer: { id: 'ann' },
    warehouse: { url },
    order: { id: 'A-1', total: 1500 },
  };
  const large = await inState(await send('shop.paid', data), 'COMPLETED');
  expect(sentTo(large)).toEqual([
    'customer SMS +493012345670 SENT',
    `logistics WEBHOOK ${url} SENT`,
    'support EMAIL support@example.org SENT',
  ]);
  expect(large.expiresAt).not.toBeNull();
  const { sandboxMessages } = await platform.app.data<{
    sandboxMessages: { channel: string; body: string }[];
  }>('{ sandboxMessages(first: 2) { channel body } }');
  expect(Object.fromEntries(sandboxMessages.map(({ channel, body }) => [channel, body]))).toMatchObject({
    SMS: 'paid-customer of order A-1',
    EMAIL: 'paid-support of order A-1',
  });
  expect(JSON.stringify(received)).toContain('paid-logistics of order A-1');

  const small = await inState(
    await send('shop.paid', { ...data, order: { id: 'A-2', total: 10 } }),
    'COMPLETED',
  );
  expect(small.deliveries.nodes.map(({ action }) => action).sort()).toEqual(['customer', 'logistics']);
  expect(small.passedOver).toEqual([
    { action: 'support', because: 'The condition data.order.total > 1000 does not hold.' },
  ]);
});

test('what a route would do is told without sending anything', async () => {
  const EXPLAIN = `query Explain($event: ID!, $data: JSON, $to: [RecipientInput!]) {
    explainRoute(event: $event, data: $data, to: $to) {
      routeVersion priority hasMore problem
      passedOver { action because } followUps { event } cancels { event key }
      deliveries { action channel user { id } address sent skipReason because step afterSeconds title body }
    }
  }`;
  const before = received.length;
  const { explainRoute } = await platform.operator.data<{
    explainRoute: { deliveries: Record<string, unknown>[]; passedOver: unknown[]; hasMore: boolean };
  }>(EXPLAIN, {
    event: 'shop.paid',
    data: { customer: { id: 'ann' }, warehouse: { url }, order: { id: 'E-1', total: 10 } },
  });
  expect(explainRoute).toMatchObject({ routeVersion: 1, hasMore: false, problem: null });
  expect(explainRoute.passedOver).toHaveLength(1);
  expect(explainRoute.deliveries).toMatchObject([
    {
      action: 'customer',
      channel: 'SMS',
      user: { id: 'ann' },
      sent: true,
      body: 'paid-customer of order E-1',
    },
    { action: 'logistics', channel: 'WEBHOOK', address: url, sent: true, title: 'paid-logistics E-1' },
  ]);
  expect(received).toHaveLength(before);
  const wrong = await platform.operator.ask(EXPLAIN, { event: 'shop.paid', data: {} });
  expect(wrong.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'data.customer.id' });
  const unknown = await platform.app.ask(EXPLAIN, { event: 'no.such.event' });
  expect(unknown.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'event' });
});

test('a condition of recipients chooses among the members of a group; a change counts at once', async () => {
  const route = {
    event: 'shop.offer',
    actions: [
      {
        name: 'offer',
        template: 'reminder',
        channels: ['EMAIL'],
        // Who is named as well gets it once, and is told of once.
        recipients: [{ group: 'all' }, { user: 'ann' }, { user: 'bob' }],
        recipientWhen: 'user.attributes.tier == "gold"',
      },
    ],
  };
  await publish(route);
  const order = { id: 'B-1' };
  const first = await inState(await send('shop.offer', { order }), 'COMPLETED');
  expect(first.deliveries.nodes.map(({ user }) => user?.id)).toEqual(['ann']);
  const { explainRoute } = await platform.app.data<{ explainRoute: { deliveries: unknown[] } }>(
    `query E($data: JSON) { explainRoute(event: "shop.offer", data: $data) {
      deliveries { channel user { id } sent because }
    } }`,
    { data: { order } },
  );
  expect(explainRoute.deliveries).toEqual([
    {
      channel: 'EMAIL',
      user: { id: 'bob' },
      sent: false,
      because: 'The condition user.attributes.tier == "gold" does not hold.',
    },
    { channel: 'EMAIL', user: { id: 'ann' }, sent: true, because: null },
  ]);
  await publish({ ...route, when: 'data.order.id != "B-2"' });
  const second = await inState(await send('shop.offer', { order: { id: 'B-2' } }), 'COMPLETED');
  expect(second.deliveries.nodes).toEqual([]);
  expect(second.passedOver).toMatchObject([{ action: null }]);
});

test('an event that waits is cancelled by another one of the same order', async () => {
  await publish({
    event: 'cart.abandoned',
    template: 'reminder',
    channels: ['SMS'],
    delaySeconds: 300,
    key: 'order.id',
    cancelOn: ['cart.bought'],
  });
  const to = [{ user: 'ann' }];
  const [kept, dropped] = [
    await send('cart.abandoned', { order: { id: 'C-1' } }, { to }),
    await send('cart.abandoned', { order: { id: 'C-2' } }, { to }),
  ];
  // It has no route of its own.
  const by = await send('cart.bought', { order: { id: 'C-2' } });
  expect(
    (await inState(dropped, 'CANCELED')).timeline.find(({ type }) => type === 'canceled')?.detail,
  ).toEqual({
    by: `event cart.bought (${by})`,
  });
  expect((await inState(by, 'COMPLETED')).passedOver).toEqual([
    { action: null, because: 'The event only cancels others.' },
  ]);
  expect((await told(kept)).state).toBe('SCHEDULED');
  // What comes afterwards is another cart.
  expect((await told(await send('cart.abandoned', { order: { id: 'C-2' } }, { to }))).state).toBe(
    'SCHEDULED',
  );
});

test('an event brings others about, once each, and never itself', async () => {
  await publish({ event: 'review.asked', template: 'reminder', channels: ['EMAIL'] });
  await publish({
    event: 'parcel.delivered',
    template: 'reminder',
    channels: ['SMS'],
    followUps: [
      { event: 'review.asked' },
      { event: 'review.asked.again', afterSeconds: 60, when: 'data.order.total > 5' },
    ],
  });
  const parent = await send(
    'parcel.delivered',
    { order: { id: 'D-1', total: 1 } },
    { to: [{ user: 'bob' }] },
  );
  await inState(parent, 'COMPLETED');
  const children = await eventually(
    async () =>
      (
        await platform.app.data<{ notifications: { nodes: Told[] } }>(
          '{ notifications(filter: { event: "review.asked" }) { nodes { id state timeline { type detail } deliveries { nodes { channel state action address user { id } } } } } }',
        )
      ).notifications.nodes,
    (nodes) => expect(nodes.map(({ state }) => state)).toEqual(['COMPLETED']),
  );
  expect(children[0]?.deliveries.nodes.map(({ channel, user }) => [channel, user?.id])).toEqual([
    ['EMAIL', 'bob'],
  ]);
  expect(children[0]?.timeline).toContainEqual(
    expect.objectContaining({ type: 'followUpOf', detail: { notification: parent } }),
  );
  const { errors } = await platform.operator.ask(
    'mutation R($r: RouteInput!) { saveRoute(input: $r) { event } }',
    {
      r: {
        event: 'review.asked',
        template: 'reminder',
        followUps: [{ event: 'parcel.delivered', afterSeconds: 60 }],
      },
    },
  );
  expect(errors?.[0]).toMatchObject({
    message: expect.stringContaining('review.asked → parcel.delivered → review.asked'),
    extensions: { code: 'BAD_USER_INPUT', field: 'input.followUps.0.event' },
  });
});

test('operators change what an app may send while it runs', async () => {
  const { createApp } = await platform.operator.data<{ createApp: { app: { id: string }; apiKey: string } }>(
    'mutation { createApp(name: "Billing") { app { id } apiKey } }',
  );
  const billing = new Graph(platform.url, createApp.apiKey);
  const own = { input: { content: { body: 'x' }, to: [{ user: 'ann' }], channels: ['SMS'] } };
  await billing.data(SEND, own);
  const changed = await platform.operator.data(
    `mutation May($id: ID!, $may: AppPermissionsInput) {
      updateApp(id: $id, may: $may) { name may { events content channels templates } }
    }`,
    { id: createApp.app.id, may: { events: ['review.*'], content: false } },
  );
  expect(changed).toEqual({
    updateApp: {
      name: 'Billing',
      may: { events: ['review.*'], content: false, channels: null, templates: null },
    },
  });
  const refused = await eventually(
    () => billing.ask(SEND, own),
    ({ errors }) => expect(errors).toBeDefined(),
  );
  expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', field: 'input.content' });
  const other = await billing.ask(SEND, {
    input: { event: 'parcel.delivered', to: [{ user: 'ann' }], data: {} },
  });
  expect(other.errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', field: 'input.event' });
  await billing.data(SEND, {
    input: { event: 'review.asked', to: [{ user: 'ann' }], data: { order: { id: 'F-1' } } },
  });
});

test.each<[string, string, Record<string, unknown>, string]>([
  ['a customer who is not named', 'shop.paid', { order: { id: 'x', total: 1 } }, 'input.data.customer.id'],
  [
    'a customer whom nobody knows',
    'shop.paid',
    { customer: { id: 'nobody' }, warehouse: { url: 'https://w.example' }, order: { id: 'x', total: 1 } },
    'input.event',
  ],
  [
    'an address that is none',
    'shop.paid',
    { customer: { id: 'ann' }, warehouse: { url: 'ftp:x' }, order: { id: 'x', total: 1 } },
    'input.data.warehouse.url',
  ],
  ['no key', 'cart.abandoned', { order: {} }, 'input.data.order.id'],
])('%s is refused, with its field', async (_what, event, data, field) => {
  const { errors } = await platform.app.ask(SEND, { input: { event, data, to: [{ user: 'ann' }] } });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
});
