/** A shop reaches its customers by the cheapest channel that they look at, and by a dearer one only if they do not. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { Graph } from '../support/graph.ts';
import { usePlatform } from '../support/platform.ts';

const platform = usePlatform({ WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8' });

interface Told {
  readonly id: string;
  readonly state: string;
  readonly deliveries: { readonly nodes: readonly ToldDelivery[] };
  readonly timeline: readonly { readonly type: string; readonly channel: string | null }[];
}
interface ToldDelivery {
  readonly channel: string;
  readonly state: string;
  readonly skipReason: string | null;
  readonly step: number | null;
  readonly waitsUntil: string | null;
  readonly openedAt: string | null;
}

const FIELDS = `id state timeline { type channel }
  deliveries { nodes { channel state skipReason step waitsUntil openedAt } }`;
const SEND = `mutation Send($input: SendNotificationInput!) { sendNotification(input: $input) { notification { id } } }`;
const TOLD = `query Told($id: ID!) { notification(id: $id) { ${FIELDS} } }`;

let gone: Server;
let goneUrl: string;
/** What `/slow` waits for, and what tells that it was asked. */
const slow = { asked: Promise.withResolvers<void>(), answered: Promise.withResolvers<void>() };
beforeAll(async () => {
  gone = createServer(async ({ url }, response) => {
    if (url === '/slow') {
      slow.asked.resolve();
      await slow.answered.promise;
    }
    response.writeHead(410).end();
  });
  await new Promise<void>((listening) => gone.listen(0, '127.0.0.1', listening));
  goneUrl = `http://127.0.0.1:${(gone.address() as AddressInfo).port}/`;
  await platform.app.data(`mutation Users($users: [UserInput!]!) { upsertUsers(users: $users) { id } }`, {
    users: ['ann', 'bob', 'cem', 'dee'].map((id, index) => ({
      id,
      phone: `+4930123456${index}`,
      addresses: [{ channel: 'WEBHOOK', address: id === 'dee' ? `${goneUrl}slow` : goneUrl }],
    })),
  });
});
afterAll(() => gone?.close());

const send = async (input: Record<string, unknown>): Promise<string> =>
  (
    await platform.app.data<{ sendNotification: { notification: { id: string } } }>(SEND, {
      input: { content: { title: 'Hello', body: 'Your parcel is here.' }, ...input },
    })
  ).sendNotification.notification.id;
const told = async (id: string, graph: Graph = platform.app): Promise<Told> =>
  (await graph.data<{ notification: Told }>(TOLD, { id })).notification;
const byChannel = ({ deliveries }: Told) =>
  Object.fromEntries(deliveries.nodes.map((delivery) => [delivery.channel, delivery]));
const completed = async (id: string) =>
  byChannel(
    await eventually(
      () => told(id),
      ({ state }) => expect(state).toBe('COMPLETED'),
    ),
  );
const unread = (afterSeconds: number) => [
  { channels: 'IN_APP' },
  { channels: 'SMS', afterSeconds, unless: 'OPENED' },
];

test('who reads the message in the browser gets no SMS', async () => {
  const id = await send({ to: [{ user: 'ann' }], fallback: unread(3600) });
  await eventually(
    () => told(id),
    ({ state, deliveries }) => {
      expect(state).toBe('PROCESSING');
      expect(deliveries.nodes).toHaveLength(2);
    },
  );
  const { IN_APP, SMS } = byChannel(await told(id));
  expect(IN_APP).toMatchObject({ state: 'DELIVERED', step: 0, waitsUntil: null, openedAt: null });
  expect(SMS).toMatchObject({ state: 'QUEUED', step: 1, skipReason: null });
  const waitsMs = Date.parse(SMS?.waitsUntil ?? '') - Date.now();
  expect(waitsMs).toBeGreaterThan(3_500_000);

  const ann = await platform.user('ann');
  await ann.data('mutation { markAllRead }');
  const ended = await completed(id);
  expect(ended.IN_APP?.openedAt).not.toBeNull();
  expect(ended.SMS).toMatchObject({ state: 'SKIPPED', skipReason: 'FALLBACK_NOT_NEEDED', waitsUntil: null });
});

test('who does not look gets the SMS after the time that the caller gave', async () => {
  const id = await send({ to: [{ user: 'bob' }], fallback: unread(2) });
  const ended = await completed(id);
  expect(ended.SMS?.state).toBe('SENT');
  const { timeline } = await told(id);
  const ofSms = timeline.filter(({ channel }) => channel === 'SMS').map(({ type }) => type);
  expect(ofSms).toEqual(['rendered', 'heldBack', 'fallback', 'attempt', 'sent']);
});

test('a channel that fails for good makes room for the next one at once, by a route of an operator', async () => {
  await platform.operator.data(
    `mutation Route($route: RouteInput!, $template: TemplateInput!) {
      saveTemplate(input: $template) { id }
      publishTemplate(id: "parcel") { id }
      saveRoute(input: $route) { fallback { channels afterSeconds unless } }
      publishRoute(event: "parcel.arrived") { publishedVersion }
    }`,
    {
      template: {
        id: 'parcel',
        name: 'Parcel',
        contents: ['WEBHOOK', 'SMS', 'EMAIL'].map((channel) => ({
          channel,
          title: 'x',
          body: 'It is here.',
        })),
      },
      route: {
        event: 'parcel.arrived',
        template: 'parcel',
        fallback: [{ channels: ['WEBHOOK'] }, { channels: ['EMAIL'] }, { channels: ['SMS'] }],
      },
    },
  );
  const id = await send({ to: [{ user: 'cem' }], content: undefined, event: 'parcel.arrived' });
  const ended = await completed(id);
  // There is no e-mail address: that step is passed over.
  expect(ended).toMatchObject({
    WEBHOOK: { state: 'FAILED', step: 0 },
    EMAIL: { state: 'SKIPPED', skipReason: 'NO_ADDRESS', step: null },
    SMS: { state: 'SENT', step: 2 },
  });
  // Nobody has to look at what failed on the way.
  expect(
    await platform.operator.data(
      `query Letters($id: ID!) { deadLetters(filter: { notification: $id }) {
        nodes { state channel supersededBy { channel } }
      } }`,
      { id },
    ),
  ).toEqual({
    deadLetters: { nodes: [{ state: 'SUPERSEDED', channel: 'WEBHOOK', supersededBy: { channel: 'SMS' } }] },
  });
  expect((await told(id)).timeline.map(({ type }) => type)).toContain('superseded');
});

test('who unsubscribes while the first step is tried does not get the second', async () => {
  const id = await send({
    to: [{ user: 'dee' }],
    category: 'parcels',
    fallback: [{ channels: 'WEBHOOK' }, { channels: 'SMS' }],
  });
  await slow.asked.promise;
  const dee = await platform.user('dee');
  await dee.data(
    `mutation { setPreferences(preferences: [{ category: "parcels", enabled: false }]) { id } }`,
  );
  // A preference is in force within a second, not at once (docs/operating.md): then new messages tell.
  await eventually(
    async () => completed(await send({ to: [{ user: 'dee' }], category: 'parcels', channels: ['SMS'] })),
    ({ SMS }) => expect(SMS?.skipReason).toBe('UNSUBSCRIBED'),
  );
  slow.answered.resolve();
  expect(await completed(id)).toMatchObject({
    WEBHOOK: { state: 'FAILED' },
    SMS: { state: 'SKIPPED', skipReason: 'UNSUBSCRIBED' },
  });
});

test('addresses of one call are one person', async () => {
  const id = await send({
    to: [
      { channel: 'SMS', address: '+493012345678' },
      { channel: 'EMAIL', address: 'ann@example.org' },
    ],
    fallback: [{ channels: 'SMS' }, { channels: 'EMAIL' }],
  });
  expect(await completed(id)).toMatchObject({
    SMS: { state: 'SENT' },
    EMAIL: { state: 'SKIPPED', skipReason: 'FALLBACK_NOT_NEEDED' },
  });
});

test.each<[string, Record<string, unknown>, string]>([
  ['one step', { fallback: [{ channels: 'SMS' }] }, 'input.fallback'],
  [
    'a channel twice',
    { fallback: [{ channels: 'SMS' }, { channels: ['EMAIL', 'SMS'] }] },
    'input.fallback.1.channels.1',
  ],
  [
    'two addresses on one channel',
    {
      to: [
        { channel: 'SMS', address: '+493012345678' },
        { channel: 'SMS', address: '+493012345679' },
      ],
      fallback: [{ channels: 'SMS' }, { channels: 'EMAIL' }],
    },
    'input.to.1',
  ],
  [
    'a channel without words',
    {
      content: undefined,
      template: 'parcel',
      fallback: [{ channels: 'SMS' }, { channels: 'SLACK' }],
    },
    'input.fallback.1.channels.0',
  ],
])('%s is refused, with its field', async (_what, input, field) => {
  const { errors } = await platform.app.ask(SEND, {
    input: { content: { body: 'x' }, to: [{ user: 'ann' }], ...input },
  });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
});
