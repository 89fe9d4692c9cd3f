/** The built client in Chromium: tabs of one browser, a second browser, and a push of what is already in sight. */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Browser, openChromium } from '../support/chromium.ts';
import { usePlatform } from '../support/platform.ts';
import { clientScript } from './client-script.ts';
import { Person } from './people.ts';

const platform = usePlatform();

let script = '';
const browsers: Browser[] = [];
beforeAll(async () => {
  script = await clientScript();
});
afterAll(async () => {
  for (const browser of browsers) await browser.close();
});

async function openBrowser(): Promise<BrowserContext> {
  const browser = await openChromium();
  browsers.push(browser);
  return browser.context;
}

async function openTab(context: BrowserContext, token: string): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error('page:', error));
  // Any page of the origin does: what is under test is put into it.
  await page.goto(`${platform.url}/readyz`);
  await page.evaluate(script);
  await page.evaluate(`
    globalThis.inbox = herald.createInbox({ url: location.origin, token: ${JSON.stringify(token)} });
    globalThis.seen = [];
    inbox.subscribe(() => {
      const ids = inbox.getSnapshot().messages.map(({ id }) => id);
      if (new Set(ids).size !== ids.length) seen.push('twice: ' + ids);
    });
    inbox.start();
  `);
  return page;
}

/** @throws Error that tells how it is instead. */
async function until(page: Page, condition: string, timeout = 40_000): Promise<void> {
  const wanted = `(() => { const now = inbox.getSnapshot(); return ${condition}; })()`;
  try {
    await page.waitForFunction(wanted, undefined, { timeout, polling: 50 });
  } catch (error) {
    const now = await page.evaluate('JSON.stringify(inbox.getSnapshot())');
    throw new Error(`${condition}: ${now}`, { cause: error });
  }
}

test('two tabs and a second browser: read in one is read in all within a second; ten seconds offline lose nothing', async () => {
  const zoe = await Person.of(platform, 'zoe');
  const token = await zoe.token();
  const here = await openBrowser();
  const there = await openBrowser();
  const sockets: string[] = [];
  here.on('page', (page) => page.on('websocket', (socket) => sockets.push(socket.url())));
  const tabs = [await openTab(here, token), await openTab(here, token)] as const;
  const other = await openTab(there, token);
  const all = [...tabs, other];
  for (const page of all) await until(page, `now.status === 'live'`);
  expect(sockets, 'one socket for both tabs').toHaveLength(1);

  await zoe.send('one', 'two', 'three');
  for (const page of all) await until(page, 'now.unreadCount === 3');
  const tookMs: number[] = [];
  for (const [action, expected] of [
    ['markRead', 'now.unreadCount === 2 && now.messages[0].readAt !== null'],
    ['markUnread', 'now.unreadCount === 3 && now.messages[0].readAt === null'],
    ['markRead', 'now.unreadCount === 2 && now.messages[0].readAt !== null'],
    ['markUnread', 'now.unreadCount === 3 && now.messages[0].readAt === null'],
    ['markRead', 'now.unreadCount === 2 && now.messages[0].readAt !== null'],
  ] as const) {
    const began = performance.now();
    await tabs[1].evaluate(`void inbox.${action}([inbox.getSnapshot().messages[0].id])`);
    for (const page of all) await until(page, expected);
    tookMs.push(performance.now() - began);
  }
  // A busy machine may hold up some of them.
  expect(tookMs.toSorted((a, b) => a - b)[2], `${tookMs} ms`).toBeLessThan(1_000);

  await here.setOffline(true);
  await tabs[0].evaluate('void inbox.markRead([inbox.getSnapshot().messages[1].id])');
  await zoe.send('four', 'five');
  await new Promise((settle) => setTimeout(settle, 10_000));
  await here.setOffline(false);
  await zoe.send('six');
  for (const page of all) {
    await until(page, 'now.messages.length === 6 && now.unreadCount === 4');
    expect(await page.evaluate('seen')).toEqual([]);
  }

  // The tab with the socket goes: the other goes on.
  await tabs[0].close();
  await zoe.send('seven');
  await until(tabs[1], `now.messages.length === 7 && now.status === 'live'`);
});

test('what was done offline is done after the page was closed and opened again', async () => {
  const yan = await Person.of(platform, 'yan');
  await yan.send('one');
  const token = await yan.token();
  const context = await openBrowser();
  const page = await openTab(context, token);
  await until(page, 'now.unreadCount === 1');
  // As an inbox without a connection leaves it when its page closes.
  const kept = await page.evaluate(`(() => {
    inbox.close();
    const id = inbox.getSnapshot().messages[0].id;
    const action = { id: '0-test', kind: 'read', ids: [id], at: new Date().toISOString() };
    const owner = JSON.parse(atob(${JSON.stringify(token)}.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
    localStorage.setItem('herald:' + location.origin + '/:' + owner.ws + ':' + owner.sub + '#0-test', JSON.stringify(action));
    return localStorage.length;
  })()`);
  expect(kept).toBe(1);
  await page.close();
  const again = await openTab(context, token);
  await until(again, 'now.unreadCount === 0 && now.messages.length === 1');
  await again.waitForFunction('localStorage.length === 0');
});
