/** Somebody who looks at the inbox is not rung on the phone at once: only if the message lies there unread. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { Graph } from '../support/graph.ts';
import { usePlatform } from '../support/platform.ts';

const platform = usePlatform({ PUSH_UNSEEN_SECONDS: '10' });
let ann: Graph;
let inbox: AsyncGenerator<unknown, void, void>;

beforeAll(async () => {
  await platform.app.data('mutation Users($users: [UserInput!]!) { upsertUsers(users: $users) { id } }', {
    users: [{ id: 'ann' }, { id: 'bob' }],
  });
  for (const user of ['ann', 'bob'])
    await (await platform.user(user)).data(
      'mutation Device($device: DeviceInput!) { registerDevice(device: $device) { id } }',
      { device: { token: `fcm:token-of-${user}`, platform: 'ANDROID' } },
    );
  ann = await platform.user('ann');
  inbox = ann.events('subscription { inboxEvents { type message { id } } }');
  void inbox.next();
  await eventually(
    () => platform.app.data<{ user: { online: boolean } }>('{ user(id: "ann") { online } }'),
    ({ user }) => expect(user.online).toBe(true),
  );
});
afterAll(() => inbox?.return());

interface Delivery {
  readonly channel: string;
  readonly state: string;
  readonly skipReason: string | null;
  /** Of a chain; there is none where nothing waits. */
  readonly step: number | null;
}
const send = async (user: string, priority = 'MEDIUM') =>
  (
    await platform.app.data<{ sendNotification: { notification: { id: string } } }>(
      'mutation Send($input: SendNotificationInput!) { sendNotification(input: $input) { notification { id } } }',
      {
        input: { content: { body: 'Hello' }, to: [{ user }], channels: ['IN_APP', 'MOBILE_PUSH'], priority },
      },
    )
  ).sendNotification.notification.id;
const pushOf = (id: string, state: string) =>
  eventually(
    async () => {
      const { notification } = await platform.app.data<{
        notification: { deliveries: { nodes: Delivery[] } };
      }>(
        'query N($id: ID!) { notification(id: $id) { deliveries { nodes { channel state skipReason step } } } }',
        {
          id,
        },
      );
      return notification.deliveries.nodes.find(({ channel }) => channel === 'MOBILE_PUSH');
    },
    (push) => expect(push?.state).toBe(state),
  );

test('who is away gets the push at once, and so does everybody who must know now', async () => {
  await pushOf(await send('bob'), 'SENT');
  const urgent = await send('ann', 'HIGH');
  expect(await pushOf(urgent, 'SENT')).toMatchObject({ step: null });
});

test('who reads it in the browser gets no push', async () => {
  const id = await send('ann');
  await pushOf(id, 'QUEUED');
  await ann.data('mutation { markAllRead }');
  expect(await pushOf(id, 'SKIPPED')).toMatchObject({ skipReason: 'FALLBACK_NOT_NEEDED' });
});

test('who has the browser open and does not look gets it later', async () => {
  const id = await send('ann');
  await pushOf(id, 'QUEUED');
  expect(await pushOf(id, 'SENT')).toMatchObject({ step: 1 });
});
