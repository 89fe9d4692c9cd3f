/** Mia has two phones, opens the inbox in her browser, and signs off a phone: who is reached, and what is seen of her. */
import { beforeAll, expect, test } from 'vitest';
import { HeraldClient } from '../../client/index.ts';
import { openEventStream } from '../../gateway/testing/event-stream.ts';
import { eventually } from '../support/eventually.ts';
import { type Graph, SEND, type Sent } from '../support/graph.ts';
import { usePlatform } from '../support/platform.ts';
import { untilHeard } from '../support/until-heard.ts';

const platform = usePlatform({ PUSH_TARGETS: 'all' });
let mia: Graph;
let token: string;
const ids: string[] = [];

beforeAll(async () => {
  await platform.app.data('mutation { upsertUsers(users: [{ id: "mia" }]) { id } }');
  const { createUserToken } = await platform.app.data<{ createUserToken: { token: string } }>(
    'mutation { createUserToken(user: "mia") { token } }',
  );
  token = createUserToken.token;
  mia = await platform.user('mia');
});

interface SeenUser {
  readonly online: boolean;
  readonly lastSeenAt: string | null;
  readonly devices: readonly {
    readonly id: string;
    readonly platform: string;
    readonly name: string | null;
  }[];
}
const seen = async () =>
  (
    await platform.app.data<{ user: SeenUser }>(
      '{ user(id: "mia") { online lastSeenAt devices { id platform name } } }',
    )
  ).user;
const isOnline = (expected: boolean) => eventually(seen, ({ online }) => expect(online).toBe(expected));

/** Whom a push message reached: the sandbox stands in for the push services. */
async function pushed(): Promise<readonly string[]> {
  const { sendNotification } = await platform.app.data<Sent>(SEND, {
    input: { content: { body: 'Ready' }, to: [{ user: 'mia' }], channels: ['MOBILE_PUSH'] },
  });
  const { id } = sendNotification.notification;
  const { notification } = await eventually(
    () =>
      platform.app.data<{
        notification: { state: string; deliveries: { nodes: { address: string | null; state: string }[] } };
      }>('query ($id: ID!) { notification(id: $id) { state deliveries { nodes { address state } } } }', {
        id,
      }),
    (answer) => expect(answer.notification.state).toBe('COMPLETED'),
  );
  return notification.deliveries.nodes.map(({ address, state }) => `${address} ${state}`).sort();
}

test('nothing is known of who was never there', async () => {
  expect(await seen()).toEqual({ online: false, lastSeenAt: null, devices: [] });
});

test('her phones are registered by her app, and by the server that knows her; both get push', async () => {
  const hers = new HeraldClient({ url: platform.url, apiKey: token });
  ids.push(
    await hers.registerDevice({ token: 'fcm:android-of-mia', platform: 'ANDROID', name: "Mia's Pixel" }),
  );
  const { registerDevice } = await platform.operator.data<{ registerDevice: { id: string } }>(
    'mutation ($d: DeviceInput!) { registerDevice(device: $d, user: "mia") { id } }',
    { d: { token: `apns:${'0a'.repeat(32)}`, platform: 'IOS' } },
  );
  ids.push(registerDevice.id);
  const user = await seen();
  expect(user.devices).toEqual([
    { id: ids[0], platform: 'ANDROID', name: "Mia's Pixel" },
    { id: ids[1], platform: 'IOS', name: null },
  ]);
  expect(user.lastSeenAt).not.toBeNull();
  expect(await pushed()).toEqual(['android-of-mia SENT', `apns:${'0a'.repeat(32)} SENT`]);
});

test('she is online while a page of hers is open, over WebSocket or as an event stream', async () => {
  const page = mia.events('subscription { inboxEvents { type } }');
  const first = page.next();
  await isOnline(true);
  const stream = await openEventStream(`${platform.url}/graphql/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: 'subscription { inboxEvents { unreadCount } }' }),
  });
  // The event is what ends the wait for it; of the stream, it says that the subscription has begun.
  await untilHeard(Promise.all([first, stream.next()]), () =>
    platform.app.data(SEND, { input: { content: { body: 'Hi' }, to: [{ user: 'mia' }] } }),
  );
  await page.return();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await seen()).online).toBe(true);
  await stream.close();
  await isOnline(false);
});

test('a phone that she signs off gets nothing more', async () => {
  const hers = new HeraldClient({ url: platform.url, apiKey: token });
  expect(await hers.removeDevice(ids[0] ?? '')).toBe(true);
  expect(await hers.removeDevice(ids[0] ?? '')).toBe(false);
  expect(await pushed()).toEqual([`apns:${'0a'.repeat(32)} SENT`]);
});
