/** A newcomer opens the demo page, presses Send and sees it arrive. */
import { request } from 'node:http';
import type { Page, WebSocketRoute } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { troubleOf, useChromium } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { SEND } from '../support/graph.ts';
import { usePlatform } from '../support/platform.ts';

const SENDS = 5;

/** Runs in the page: presses Send and takes the time until so many messages are shown, in milliseconds. */
const SEND_AND_WAIT = (messages: number) => `(async () => {
  const startedMs = performance.now();
  document.getElementById('send').click();
  const list = document.getElementById('messages');
  while (list.children.length !== ${messages}) await new Promise(requestAnimationFrame);
  return performance.now() - startedMs;
})()`;

const platform = usePlatform();
const browser = useChromium();

describe('the demo page', () => {
  let page: Page;
  let trouble: readonly string[];
  const messages = () => page.locator('#messages > li');
  const hops = async () =>
    page
      .locator('#hops > li')
      .evaluateAll((items) => items.map((item) => [item.dataset.type, item.dataset.channel ?? '']));

  beforeAll(async () => {
    page = await browser.context.newPage();
    trouble = troubleOf(page);
    await page.goto(platform.url);
    await page.locator('#connection[data-state=live]').waitFor();
  });
  afterAll(() => page.close());

  test('/ leads to it, and it is empty', async () => {
    expect(new URL(page.url()).pathname).toBe('/inbox');
    expect(await page.locator('#empty').textContent()).toContain('Nothing here yet');
    expect(await page.locator('#unread').isVisible()).toBe(false);
  });

  test('a message appears by itself in under a second', async () => {
    const tookMs: number[] = [];
    for (let sent = 1; sent <= SENDS; sent++) {
      tookMs.push(await page.evaluate<number>(SEND_AND_WAIT(sent)));
      // The button works again once the answer is there.
      await page.locator('#send:enabled').waitFor();
    }
    // A busy machine may hold up some; before the subscription has begun, the first is there when the inbox is read anew.
    expect(tookMs.toSorted((a, b) => a - b)[Math.floor(SENDS / 2)], `${tookMs} ms`).toBeLessThan(1_000);
    expect(await messages().first().locator('h3').textContent()).toContain('Your report is ready');
    await eventually(
      () => page.locator('#unread').textContent(),
      (count) => expect(count).toBe(`${SENDS}`),
    );
    expect(await page.title()).toBe(`(${SENDS}) Inbox · Herald`);
    expect(await page.locator('#announcer').textContent()).toBe('New message: Your report is ready');
    expect(await page.locator('#answer').textContent()).toContain('"deduplicated": false');
  });

  test('the timeline shows every hop', async () => {
    const seen = await eventually(hops, (now) => expect(now.at(-1)).toEqual(['completed', '']));
    expect(seen).toEqual([
      ['accepted', ''],
      ['routed', ''],
      ['rendered', 'IN_APP'],
      ['attempt', 'IN_APP'],
      ['delivered', 'IN_APP'],
      ['completed', ''],
    ]);
    expect(await page.locator('#hops > li .hop-time').first().textContent()).toBe('+0 ms');
    expect(await page.locator('#timeline-note').textContent()).toContain('Completed');
  });

  test('a message is marked read, unread, archived; then all are marked read', async () => {
    const first = messages().first();
    const unread = page.locator('#unread');
    await first.locator('[data-action=read]').click();
    await eventually(
      () => unread.textContent(),
      (text) => expect(text).toBe(`${SENDS - 1}`),
    );
    expect(await first.getAttribute('class')).not.toContain('unread');
    await first.locator('[data-action=unread]').click();
    await eventually(
      () => unread.textContent(),
      (text) => expect(text).toBe(`${SENDS}`),
    );
    await first.locator('[data-action=archive]').click();
    await eventually(
      () => messages().count(),
      (count) => expect(count).toBe(SENDS - 1),
    );
    await eventually(
      () => unread.textContent(),
      (count) => expect(count).toBe(`${SENDS - 1}`),
    );
    await page.locator('#mark-all').click();
    await eventually(
      () => unread.isVisible(),
      (visible) => expect(visible).toBe(false),
    );
    await eventually(
      () => page.locator('#messages > li.unread').count(),
      (count) => expect(count).toBe(0),
    );
  });

  test('the sandbox takes what has no provider', async () => {
    await page.getByRole('button', { name: 'Template' }).click();
    await page.locator('#send').click();
    const letters = page.locator('#sandbox > li');
    await eventually(
      () => letters.count(),
      (count) => expect(count).toBe(2),
    );
    const email = letters.and(page.locator('[data-channel=EMAIL]'));
    expect(await email.textContent()).toContain('to demo@example.com');
    expect(await email.locator('h3').textContent()).toBe('Welcome to Herald');
    expect(await email.locator('details pre').textContent()).toContain('<h1>Welcome to Herald</h1>');
    expect(await letters.and(page.locator('[data-channel=SMS]')).textContent()).toContain(
      'Herald: welcome, Demo!',
    );
    const seen = await eventually(hops, (now) => expect(now.at(-1)).toEqual(['completed', '']));
    expect(seen).toContainEqual(['sent', 'EMAIL']);
    expect(seen).toContainEqual(['sent', 'SMS']);
    expect(seen).toContainEqual(['delivered', 'IN_APP']);
    // That it was delivered and the message itself come each by a subscription of its own.
    await eventually(
      () => messages().first().locator('h3').textContent(),
      (title) => expect(title).toContain('Welcome to Herald'),
    );
  });

  test('an event goes where its route says', async () => {
    await page.getByRole('button', { name: 'Event order.paid' }).click();
    await page.locator('#send').click();
    await eventually(
      () => messages().first().locator('h3').textContent(),
      (title) => expect(title).toContain('Order A-1042 is paid'),
    );
  });

  test('a wrong input is answered, and does not break the page', async () => {
    await page.locator('#variables').fill('{"input": ');
    await page.locator('#send').click();
    expect(await page.locator('#answer').textContent()).toContain('Variables:');
    await page.locator('#variables').fill('{"input": {"template": "nothing", "to": [{"user": "demo"}]}}');
    await page.locator('#variables').press('Control+Enter');
    await eventually(
      () => page.locator('#answer').textContent(),
      (answer) => expect(answer).toContain('"field": "input.template"'),
    );
  });

  test('without internet, browser push says that its service did not answer', async () => {
    await browser.context.grantPermissions(['notifications'], { origin: platform.url });
    const push = page.locator('#push');
    expect(await push.textContent()).toBe('Turn on browser push');
    await push.click();
    await eventually(
      () => page.locator('#push-status').textContent(),
      (status) => expect(status).toMatch(/push service (did not answer within 8 seconds|refused)/),
    );
    expect(await push.textContent()).toBe('Turn on browser push');
    expect(await push.isEnabled()).toBe(true);
  });

  test('nothing went wrong in the page', () => {
    expect(trouble).toEqual([]);
  });
});

test('what came while the connection was away arrives when it is back', async () => {
  const page = await browser.context.newPage();
  let isAway = false;
  const open: WebSocketRoute[] = [];
  await page.routeWebSocket(/\/graphql$/, async (socket) => {
    if (isAway) return socket.close({ code: 1013 });
    socket.connectToServer();
    open.push(socket);
  });
  await page.goto(`${platform.url}/inbox`);
  const connection = page.locator('#connection');
  await connection.and(page.locator('[data-state=live]')).waitFor();
  const before = await page.locator('#messages > li').count();

  isAway = true;
  for (const socket of open) await socket.close({ code: 1012 });
  await connection.and(page.locator('[data-state=waiting]')).waitFor();
  for (const title of ['One', 'Two'])
    await platform.app.data(SEND, {
      input: {
        content: { title, body: 'While you were away' },
        to: [{ user: 'demo' }],
        channels: ['IN_APP'],
      },
    });
  isAway = false;

  const titles = page.locator('#messages > li h3');
  await eventually(
    () => titles.allTextContents(),
    (all) => {
      expect(all).toHaveLength(before + 2);
      expect(
        all
          .slice(0, 2)
          .map((title) => title.replace('Unread: ', ''))
          .sort(),
      ).toEqual(['One', 'Two']);
    },
  );
  await page.close();
});

test('a strange name for this machine gets no session', async () => {
  const { host } = new URL(platform.url);
  const answers = await Promise.all(
    [host, host.replace('127.0.0.1', 'localhost'), 'rebound.example'].map(async (name) => {
      return new Promise<number | undefined>((resolve, reject) => {
        request(`${platform.url}/inbox/session`, { headers: { host: name } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
    }),
  );
  expect(answers).toEqual([200, 200, 404]);
});
