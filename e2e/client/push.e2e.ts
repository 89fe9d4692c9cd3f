/**
 * The client's web push in Chromium. A browser's own push service is on the internet, so its two calls are this
 * test's; permission, service worker, registration with Herald and what Herald sends are real.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useChromium } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { usePlatform } from '../support/platform.ts';
import { openPushEndpoint, type PushEndpoint } from '../web-push/push-endpoint.ts';
import { clientScript } from './client-script.ts';
import { Person } from './people.ts';

const platform = usePlatform({ WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8' });
const browser = useChromium();
const endpoints: PushEndpoint[] = [];
let page: Page;
let person: Person;

beforeAll(async () => {
  endpoints.push(await openPushEndpoint(), await openPushEndpoint());
  person = await Person.of(platform, 'pia');
  page = await browser.context.newPage();
  await page.goto(`${platform.url}/readyz`);
  await page.evaluate(await clientScript());
  const token = await person.token();
  await page.evaluate(
    `globalThis.options = { url: location.origin, token: ${JSON.stringify(token)}, serviceWorkerUrl: '/herald-sw.js?home=/inbox' };`,
  );
  // The browser's push service: hands out the endpoints in turn, and remembers for which key.
  await page.evaluate(`(() => {
    const given = ${JSON.stringify(endpoints.map(({ subscription }) => subscription))};
    let current = null;
    globalThis.pushed = { subscribed: 0, unsubscribed: 0, setKey: (key) => { current.options.applicationServerKey = key; } };
    PushManager.prototype.subscribe = async function ({ userVisibleOnly, applicationServerKey }) {
      if (!userVisibleOnly || typeof applicationServerKey !== 'string') throw new TypeError('not as browsers want it');
      const bytes = Uint8Array.from(atob(applicationServerKey.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
      const own = given[pushed.subscribed++];
      current = {
        endpoint: own.endpoint,
        options: { applicationServerKey: bytes.buffer },
        toJSON: () => ({ ...own, expirationTime: null }),
        unsubscribe: async () => { pushed.unsubscribed++; current = null; return true; },
      };
      return current;
    };
    PushManager.prototype.getSubscription = async () => current;
  })()`);
});
afterAll(async () => {
  await page?.close();
  for (const endpoint of endpoints) await endpoint.close();
});

const devices = async () =>
  (
    await platform.app.data<{ user: { devices: { endpoint: string }[] } }>(
      '{ user(id: "pia") { devices { endpoint } } }',
    )
  ).user.devices.map(({ endpoint }) => endpoint);
const state = () => page.evaluate('herald.pushState(options)');
const send = (body: string) =>
  platform.app.data(
    'mutation Send($input: SendNotificationInput!) { sendNotification(input: $input) { deduplicated } }',
    { input: { content: { body }, to: [{ user: 'pia' }], channels: ['WEB_PUSH'] } },
  );
const received = (n: number, count: number) =>
  eventually(
    async () => endpoints[n]?.received ?? [],
    (all) => expect(all).toHaveLength(count),
  );

test('a person who says no is told so, and nothing is registered', async () => {
  await browser.context.clearPermissions();
  const code = await page.evaluate('herald.enablePush(options).then(() => "on", (error) => error.code)');
  expect(code).toBe('DENIED');
  expect(await devices()).toEqual([]);
});

test('enablePush registers this browser, and what is sent arrives there', async () => {
  await browser.context.grantPermissions(['notifications'], { origin: platform.url });
  expect(await state()).toBe('off');
  await page.evaluate('herald.enablePush(options)');
  expect(await state()).toBe('on');
  expect(await devices()).toEqual([endpoints[0]?.subscription.endpoint]);
  await send('first');
  const [push] = await received(0, 1);
  expect(JSON.parse(push?.plaintext ?? '')).toMatchObject({ body: 'first' });
});

test('refreshPush changes nothing where the key is the same', async () => {
  expect(await page.evaluate('herald.refreshPush(options)')).toBe(true);
  expect(await devices()).toEqual([endpoints[0]?.subscription.endpoint]);
  expect(await page.evaluate('pushed.subscribed')).toBe(1);
});

test('an open inbox tells that this browser is in use', async () => {
  const lastSeen = async () =>
    (
      await platform.app.data<{ user: { devices: { lastSeenAt: string }[] } }>(
        '{ user(id: "pia") { devices { lastSeenAt } } }',
      )
    ).user.devices[0]?.lastSeenAt ?? '';
  const registered = await lastSeen();
  await page.evaluate('globalThis.inbox = herald.createInbox(options); inbox.start()');
  await eventually(lastSeen, (at) => expect(at > registered).toBe(true));
  await page.evaluate('inbox.close()');
});

test("after Herald's key was changed it subscribes anew, and only the new one gets messages", async () => {
  await page.evaluate('pushed.setKey(new Uint8Array(65).buffer)');
  expect(await page.evaluate('herald.refreshPush(options)')).toBe(true);
  expect(await devices()).toEqual([endpoints[1]?.subscription.endpoint]);
  expect(await page.evaluate('pushed')).toMatchObject({ subscribed: 2, unsubscribed: 1 });
  await send('second');
  await received(1, 1);
  expect(endpoints[0]?.received).toHaveLength(1);
});

test('disablePush ends it, at Herald too', async () => {
  await page.evaluate('herald.disablePush(options)');
  expect(await state()).toBe('off');
  expect(await devices()).toEqual([]);
  expect(await page.evaluate('navigator.serviceWorker.getRegistrations().then((all) => all.length)')).toBe(0);
  await page.evaluate('herald.disablePush(options)');
});
