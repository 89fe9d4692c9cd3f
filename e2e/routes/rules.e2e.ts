/** What a route's rules do to what it sends: once, not too often, not at night, and all in one message. */
import { beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { usePlatform } from '../support/platform.ts';

const platform = usePlatform();

interface Told {
  readonly id: string;
  readonly state: string;
  readonly data: Record<string, unknown> | null;
  readonly deliveries: {
    readonly nodes: readonly {
      readonly channel: string;
      readonly state: string;
      readonly skipReason: string | null;
      readonly user: { readonly id: string } | null;
    }[];
  };
}
const FIELDS = 'id state data deliveries { nodes { channel state skipReason user { id } } }';

beforeAll(async () => {
  await platform.app.data('mutation Users($users: [UserInput!]!) { upsertUsers(users: $users) { id } }', {
    users: ['ann', 'bob', 'cem'].map((id, index) => ({
      id,
      phone: `+4930123456${index}`,
      email: `${id}@example.org`,
    })),
  });
  for (const template of [
    {
      id: 'note',
      name: 'Note',
      contents: [
        { channel: 'SMS', body: 'Order {{order.id}}' },
        { channel: 'EMAIL', title: 'Order {{order.id}}', body: 'Order {{order.id}}' },
      ],
    },
    {
      id: 'digest',
      name: 'Digest',
      // Of the digest, not of what is collected in it.
      variables: { type: 'object', required: ['items', 'count'] },
      contents: [
        {
          channel: 'EMAIL',
          title: '{{count}} comments',
          body: '{{#each items}}{{data.comment}};{{/each}}',
        },
      ],
    },
  ])
    await platform.operator.data(
      'mutation T($t: TemplateInput!, $id: ID!) { saveTemplate(input: $t) { id } publishTemplate(id: $id) { id } }',
      { t: template, id: template.id },
    );
});

const route = (input: Record<string, unknown>) =>
  platform.operator.data(
    'mutation R($r: RouteInput!, $e: ID!) { saveRoute(input: $r) { class } publishRoute(event: $e) { event } }',
    { r: { template: 'note', channels: ['SMS'], ...input }, e: input.event },
  );
const send = async (event: string, user: string, data: Record<string, unknown>, more = {}) =>
  (
    await platform.app.data<{ sendNotification: { notification: { id: string } } }>(
      'mutation S($i: SendNotificationInput!) { sendNotification(input: $i) { notification { id } } }',
      { i: { event, to: [{ user }], data, ...more } },
    )
  ).sendNotification.notification.id;
const told = async (id: string) =>
  (
    await platform.app.data<{ notification: Told }>(
      `query N($id: ID!) { notification(id: $id) { ${FIELDS} } }`,
      { id },
    )
  ).notification;
const ended = (id: string) =>
  eventually(
    () => told(id),
    ({ state }) => expect(state).toBe('COMPLETED'),
  );
const outcome = async (id: string) => {
  const [delivery] = (await ended(id)).deliveries.nodes;
  return delivery?.skipReason ?? delivery?.state;
};

test('once: the first of a key is sent, the others are told to have been', async () => {
  await route({ event: 'door.bell', key: 'order.id', once: { windowSeconds: 3600 } });
  expect(await outcome(await send('door.bell', 'ann', { order: { id: 1 } }))).toBe('SENT');
  expect(await outcome(await send('door.bell', 'ann', { order: { id: 1 } }))).toBe('ALREADY_SENT');
  expect(await outcome(await send('door.bell', 'ann', { order: { id: 2 } }))).toBe('SENT');
});

test('throttle: so many for each person', async () => {
  await route({ event: 'chat.message', throttle: { max: 2, windowSeconds: 86_400 } });
  const outcomes: unknown[] = [];
  for (const user of ['ann', 'ann', 'ann', 'bob'])
    outcomes.push(await outcome(await send('chat.message', user, { order: { id: 1 } })));
  expect(outcomes).toEqual(['SENT', 'SENT', 'FREQUENCY_CAP', 'SENT']);
});

test('quiet hours: held, skipped, or not minded; never for what is urgent', async () => {
  const hour = (shift: number) => {
    const at = new Date(Date.now() + shift * 3_600_000);
    return `${String(at.getUTCHours()).padStart(2, '0')}:00`;
  };
  await platform.app.data(
    'mutation Q($q: QuietHoursInput!) { setQuietHours(user: "cem", quietHours: $q) { quietHours { from } } }',
    { q: { from: hour(-1), to: hour(3), timezone: 'UTC' } },
  );
  await route({ event: 'news.held' });
  await route({ event: 'news.skipped', quietHours: 'SKIP' });
  await route({ event: 'news.sent', quietHours: 'IGNORE' });
  const data = { order: { id: 1 } };
  const held = await send('news.held', 'cem', data);
  expect(await outcome(await send('news.skipped', 'cem', data))).toBe('QUIET_HOURS');
  expect(await outcome(await send('news.sent', 'cem', data))).toBe('SENT');
  expect(await outcome(await send('news.held', 'cem', data, { priority: 'HIGH' }))).toBe('SENT');
  expect(await outcome(await send('news.held', 'ann', data))).toBe('SENT');
  const waiting = await told(held);
  expect(waiting.state).toBe('PROCESSING');
  expect(waiting.deliveries.nodes[0]).toMatchObject({ state: 'QUEUED', skipReason: null });
});

test('digest: all that came within the window is one message, nothing twice and nothing lost', async () => {
  await route({
    event: 'post.commented',
    template: 'digest',
    channels: ['EMAIL'],
    key: 'post',
    digest: { windowSeconds: 4 },
  });
  const comments = Array.from({ length: 12 }, (_, n) => `c${n}`);
  const ids = await Promise.all(
    comments.map((comment) => send('post.commented', 'bob', { post: 'p1', comment })),
  );
  for (const id of ids) expect(await outcome(id)).toBe('DIGESTED');
  const words = await eventually(
    async () =>
      (
        await platform.app.data<{ sandboxMessages: { title: string; body: string }[] }>(
          '{ sandboxMessages(first: 50) { title body } }',
        )
      ).sandboxMessages.filter(({ title }) => title?.endsWith('comments')),
    (messages) => expect(messages.flatMap(({ body }) => body.split(';').filter(Boolean))).toHaveLength(12),
    20_000,
  );
  const collected = words.flatMap(({ body }) => body.split(';').filter(Boolean));
  expect(collected.sort()).toEqual([...comments].sort());
});
