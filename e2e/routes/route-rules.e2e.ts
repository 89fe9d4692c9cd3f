/** What routes do to messages: sent once, no more than so many, not at night, or all in one. */
import { beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { usePlatform } from '../support/platform.ts';

const platform = usePlatform();

interface Told {
  readonly id: string;
  readonly state: string;
  readonly data: { readonly count?: number; readonly items?: readonly { readonly notification: string }[] };
  readonly timeline: readonly { readonly type: string; readonly detail: Record<string, unknown> | null }[];
  readonly deliveries: {
    readonly nodes: readonly {
      readonly channel: string;
      readonly state: string;
      readonly skipReason: string | null;
      readonly waitsUntil: string | null;
    }[];
  };
}
const told = async (id: string): Promise<Told> =>
  (
    await platform.operator.data<{ notification: Told }>(
      `query Told($id: ID!) { notification(id: $id) {
        id state data timeline { type detail } deliveries { nodes { channel state skipReason waitsUntil } }
      } }`,
      { id },
    )
  ).notification;
const completed = (id: string) =>
  eventually(
    () => told(id),
    (one) => expect(one.state).toBe('COMPLETED'),
  );
const outcomes = ({ deliveries }: Told) =>
  deliveries.nodes.map(({ skipReason, state }) => skipReason ?? state);

const publish = (route: Record<string, unknown>) =>
  platform.operator.data(
    `mutation Publish($route: RouteInput!, $event: ID!) {
      saveRoute(input: $route) { event }
      publishRoute(event: $event) { publishedVersion }
    }`,
    { route, event: route.event },
  );
const send = async (event: string, data: Record<string, unknown>, user = 'ann') =>
  (
    await platform.app.data<{ sendNotification: { notification: { id: string } } }>(
      `mutation Send($input: SendNotificationInput!) { sendNotification(input: $input) { notification { id } } }`,
      { input: { event, data, to: [{ user }] } },
    )
  ).sendNotification.notification.id;

/** In UTC. */
const clock = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);

beforeAll(async () => {
  await platform.app.data('mutation Users($users: [UserInput!]!) { upsertUsers(users: $users) { id } }', {
    users: ['ann', 'owl'].map((id) => ({ id, phone: '+493012345670', email: `${id}@example.org` })),
  });
  const inputs = [
    { id: 'note', name: 'Note', contents: [{ channel: 'SMS', body: 'Order {{order.id}}' }] },
    {
      id: 'comments',
      name: 'Comments',
      variables: { type: 'object', required: ['items'] },
      contents: [
        { channel: 'EMAIL', title: '{{count}} comments', body: 'By {{#each items}}{{data.by}};{{/each}}' },
      ],
    },
  ];
  for (const input of inputs)
    await platform.operator.data(
      `mutation Template($input: TemplateInput!, $id: ID!) {
        saveTemplate(input: $input) { id }
        publishTemplate(id: $id) { publishedVersion }
      }`,
      { input, id: input.id },
    );
});

test('once: the second one of an order is left out, and says for which', async () => {
  await publish({
    event: 'paid',
    template: 'note',
    channels: ['SMS'],
    key: 'order.id',
    once: { windowSeconds: 600 },
  });
  const first = await completed(await send('paid', { order: { id: 'A-1' } }));
  const second = await completed(await send('paid', { order: { id: 'A-1' } }));
  const other = await completed(await send('paid', { order: { id: 'A-2' } }));
  expect([first, second, other].map(outcomes)).toEqual([['SENT'], ['ALREADY_SENT'], ['SENT']]);
  expect(second.timeline.find(({ type }) => type === 'skipped')?.detail).toMatchObject({
    reason: 'ALREADY_SENT',
    notification: first.id,
  });
});

test('throttle: two in a window, and no more', async () => {
  await publish({
    event: 'moved',
    template: 'note',
    channels: ['SMS'],
    throttle: { max: 2, windowSeconds: 2_592_000 },
  });
  const sent: Told[] = [];
  for (const id of ['M-1', 'M-2', 'M-3']) sent.push(await completed(await send('moved', { order: { id } })));
  expect(sent.map(outcomes)).toEqual([['SENT'], ['SENT'], ['FREQUENCY_CAP']]);
});

test('quiet hours: held, skipped or ignored, as the route says', async () => {
  await platform.operator.data(
    'mutation Quiet($hours: QuietHoursInput!) { setQuietHours(user: "owl", quietHours: $hours) { quietHours { from } } }',
    { hours: { from: clock(-1), to: clock(2) } },
  );
  for (const quietHours of ['HOLD', 'SKIP', 'IGNORE'])
    await publish({ event: `night-${quietHours}`, template: 'note', channels: ['SMS'], quietHours });
  const order = { order: { id: 'N-1' } };
  const held = await send('night-HOLD', order, 'owl');
  expect((await completed(await send('night-SKIP', order, 'owl'))).deliveries.nodes).toMatchObject([
    { state: 'SKIPPED', skipReason: 'QUIET_HOURS' },
  ]);
  expect(outcomes(await completed(await send('night-IGNORE', order, 'owl')))).toEqual(['SENT']);
  const { deliveries } = await eventually(
    () => told(held),
    (one) => expect(one.deliveries.nodes).toHaveLength(1),
  );
  const [waiting] = deliveries.nodes;
  expect(waiting?.state).toBe('QUEUED');
  expect(Date.parse(waiting?.waitsUntil ?? '') - Date.now()).toBeGreaterThan(3_600_000);
});

test('digest: one message with all that came', async () => {
  await publish({
    event: 'commented',
    template: 'comments',
    channels: ['EMAIL'],
    digest: { windowSeconds: 8 },
  });
  const items: string[] = [];
  for (const by of ['Al', 'Bea', 'Cy']) items.push(await send('commented', { by }));
  for (const id of items) expect(outcomes(await completed(id))).toEqual(['DIGESTED']);
  const [first = ''] = items;
  const digestOf = ({ timeline }: Told) =>
    timeline.find(({ type }) => type === 'skipped')?.detail?.notification;
  const item = await eventually(
    () => told(first),
    (one) => expect(digestOf(one)).toEqual(expect.stringMatching(/^ntf_/)),
  );
  const digest = await completed(String(digestOf(item)));
  expect(outcomes(digest)).toEqual(['SENT']);
  expect(digest.data.count).toBe(3);
  expect(digest.data.items?.map(({ notification }) => notification)).toEqual(items);
  expect(digest.timeline.find(({ type }) => type === 'digestOf')?.detail).toEqual({ notifications: items });
  const { sandboxMessages } = await platform.operator.data<{
    sandboxMessages: { title: string; body: string; notification: { id: string } }[];
  }>('{ sandboxMessages(first: 50) { title body notification { id } } }');
  expect(sandboxMessages.filter(({ notification }) => notification.id === digest.id)).toMatchObject([
    { title: '3 comments', body: 'By Al;Bea;Cy;' },
  ]);
});
