/**
 * A browser takes web push, as far as that goes without internet: the push service is one of this test's own, what
 * it receives is decrypted with keys made here and handed to the page's service worker by the DevTools protocol.
 */
import { decodeJwt } from 'jose';
import type { CDPSession, Page, Worker } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useChromium } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { SEND, type Sent } from '../support/graph.ts';
import { usePlatform } from '../support/platform.ts';
import { openPushEndpoint, type PushEndpoint } from './push-endpoint.ts';

const platform = usePlatform({ WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8' });
const browser = useChromium();

const REGISTER = `mutation Register($subscription: PushSubscriptionInput!) {
  registerPushSubscription(subscription: $subscription) { id channel endpoint }
}`;
const DEVICES = 'query Devices { user(id: "demo") { devices { endpoint } } }';
const DELIVERIES = `query Deliveries($id: ID!) {
  notification(id: $id) { state deliveries { nodes { channel state provider attempts { ok errorCode } } } }
}`;
interface Deliveries {
  readonly notification: {
    readonly state: string;
    readonly deliveries: {
      readonly nodes: readonly {
        readonly channel: string;
        readonly state: string;
        readonly provider: string | null;
        readonly attempts: readonly { readonly ok: boolean; readonly errorCode: string | null }[];
      }[];
    };
  };
}

let endpoint: PushEndpoint;
let page: Page;
beforeAll(async () => {
  endpoint = await openPushEndpoint();
  await browser.context.grantPermissions(['notifications'], { origin: platform.url });
  page = await browser.context.newPage();
  await page.goto(`${platform.url}/inbox`);
  await page.evaluate('navigator.serviceWorker.ready.then(() => undefined)');
});
afterAll(async () => {
  await page?.close();
  await endpoint?.close();
});

const send = async (content: Record<string, unknown>) =>
  (
    await platform.app.data<Sent>(SEND, {
      input: { content, to: [{ user: 'demo' }], channels: ['WEB_PUSH'] },
    })
  ).sendNotification.notification.id;

const devices = async () =>
  (await platform.app.data<{ user: { devices: { endpoint: string }[] } }>(DEVICES)).user.devices.map(
    (d) => d.endpoint,
  );

/** Finds the registration of the page's service worker and hands it a push message. */
async function deliver(session: CDPSession, data: string): Promise<void> {
  const registration = new Promise<string>((found) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const active = registrations.find(
        ({ scopeURL, isDeleted }) => scopeURL === `${platform.url}/` && !isDeleted,
      );
      if (active) found(active.registrationId);
    });
  });
  await session.send('ServiceWorker.enable');
  await session.send('ServiceWorker.deliverPushMessage', {
    origin: platform.url,
    registrationId: await registration,
    data,
  });
}

/** The page's service worker; Chromium stops one that has nothing to do, and a message starts it again. */
async function runningWorker(): Promise<Worker> {
  const [running] = browser.context.serviceWorkers();
  if (running) return running;
  const started = browser.context.waitForEvent('serviceworker');
  await page.evaluate("navigator.serviceWorker.ready.then(({ active }) => active.postMessage('wake up'))");
  return started;
}

test('a push message reaches the service worker and is shown', async () => {
  const person = await platform.user('demo');
  await person.data(REGISTER, { subscription: endpoint.subscription });
  expect(await devices()).toEqual([endpoint.subscription.endpoint]);

  const id = await send({
    title: 'Táblát kérünk ☕',
    body: 'Your table is ready.',
    url: '/inbox',
    data: { table: 7, actions: [{ title: 'Come', url: '/tables/7' }] },
  });
  const [push] = await eventually(
    async () => endpoint.received,
    (received) => expect(received).toHaveLength(1),
  );
  expect(push?.headers).toMatchObject({
    'content-encoding': 'aes128gcm',
    ttl: expect.stringMatching(/^\d+$/),
    urgency: 'normal',
  });
  // RFC 8292: a token for this push service, and the key that the browser was given.
  const [, token = '', key] = /^vapid t=([^,]+), ?k=(.+)$/.exec(push?.headers.authorization ?? '') ?? [];
  expect(decodeJwt(token).aud).toBe(new URL(endpoint.subscription.endpoint).origin);
  expect(await person.data('{ vapidPublicKey }')).toEqual({ vapidPublicKey: key });
  const payload: unknown = JSON.parse(push?.plaintext ?? '');
  expect(payload).toEqual({
    title: 'Táblát kérünk ☕',
    body: 'Your table is ready.',
    url: '/inbox',
    data: { table: 7, actions: [{ title: 'Come', url: '/tables/7' }] },
    notification: id,
    delivery: expect.stringMatching(/^dlv_/),
    report: { account: 'web-push', token: expect.stringMatching(/^[\w-]{22}$/) },
  });

  // Chromium drops what DevTools delivers to a worker that is not active yet, or is just being stopped: then again,
  // which shows nothing twice (the notification's tag is the delivery).
  await page.evaluate('navigator.serviceWorker.ready.then(() => true)');
  let deliverAgainAt = 0;
  const shown = await eventually(
    async () => {
      if (Date.now() > deliverAgainAt) {
        await deliver(await browser.context.newCDPSession(page), push?.plaintext ?? '');
        deliverAgainAt = Date.now() + 4_000;
      }
      return page.evaluate<unknown[]>(`navigator.serviceWorker.ready
        .then((registration) => registration.getNotifications())
        .then((all) => all.map(({ title, body, data, actions }) => ({ title, body, data, actions })))`);
    },
    (notifications) => expect(notifications).toHaveLength(1),
  );
  expect(shown).toEqual([
    {
      title: 'Táblát kérünk ☕',
      body: 'Your table is ready.',
      actions: [expect.objectContaining({ action: 'herald-0', title: 'Come' })],
      data: {
        url: '/inbox',
        data: { table: 7, actions: [{ title: 'Come', url: '/tables/7' }] },
        notification: id,
        delivery: expect.stringMatching(/^dlv_/),
        report: expect.anything(),
      },
    },
  ]);

  const { notification } = await eventually(
    () => platform.app.data<Deliveries>(DELIVERIES, { id }),
    (answer) => expect(answer.notification.state).toBe('COMPLETED'),
  );
  expect(notification.deliveries.nodes).toEqual([
    {
      channel: 'WEB_PUSH',
      state: expect.stringMatching(/^(SENT|DELIVERED)$/),
      provider: 'web-push',
      attempts: [{ ok: true, errorCode: null }],
    },
  ]);

  // The service worker reports that it was shown, and what the person does. Nobody can click a notification of a
  // browser without a screen: its events are dispatched in the worker.
  const told = (query: string) =>
    platform.app.data<{ notification: { deliveries: { nodes: unknown[] } } }>(
      `query Told($id: ID!) { notification(id: $id) { deliveries { nodes { ${query} } } } }`,
      { id },
    );
  const nodes = (expected: unknown) => (answer: Awaited<ReturnType<typeof told>>) =>
    expect(answer.notification.deliveries.nodes).toEqual([expected]);
  await eventually(
    () => told('state openedAt clickedAt'),
    nodes({ state: 'DELIVERED', openedAt: null, clickedAt: null }),
  );
  const worker = await runningWorker();
  await worker.evaluate(`self.registration.getNotifications().then(([notification]) => {
    self.dispatchEvent(new NotificationEvent('notificationclose', { notification }));
    self.dispatchEvent(new NotificationEvent('notificationclick', { notification }));
  })`);
  await eventually(
    () => told('state openedAt clickedAt'),
    nodes({ state: 'DELIVERED', openedAt: expect.any(String), clickedAt: expect.any(String) }),
  );
});

test("reports that are not the service worker's are refused", async () => {
  const report = (body: string) =>
    fetch(`${platform.url}/receipts/web-push`, { method: 'POST', body }).then(({ status }) => status);
  expect(await report('{"delivery":"dlv_1","event":"clicked","token":"guess"}')).toBe(401);
  expect(await report('clicked')).toBe(400);
  expect((await fetch(`${platform.url}/receipts/nobody`, { method: 'POST', body: '{}' })).status).toBe(404);
});

test('a device that is gone is removed', async () => {
  endpoint.forget();
  const id = await send({ body: 'Is anybody there?' });
  const { notification } = await eventually(
    () => platform.app.data<Deliveries>(DELIVERIES, { id }),
    (answer) => expect(answer.notification.state).toBe('COMPLETED'),
  );
  expect(notification.deliveries.nodes).toEqual([
    expect.objectContaining({
      state: 'FAILED',
      attempts: [{ ok: false, errorCode: 'CHANNEL_ADDRESS_GONE' }],
    }),
  ]);
  await eventually(devices, (endpoints) => expect(endpoints).toEqual([]));
});
