/** An operator signs in, watches, looks into a notification and cancels one. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { troubleOf, useChromium } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { SEND, type Sent } from '../support/graph.ts';
import { usePlatform } from '../support/platform.ts';
import { packagesInTheConsole } from './packages.ts';
import { enterKey, signIn } from './sign-in.ts';

const platform = usePlatform();
const browser = useChromium();

describe('the console', () => {
  let page: Page;
  let trouble: readonly string[];
  beforeAll(async () => {
    page = await browser.context.newPage();
    await page.goto(`${platform.url}/console`);
  });
  afterAll(() => page.close());

  const send = async (input: Record<string, unknown>) =>
    (await platform.app.data<Sent>(SEND, { input: { to: [{ user: 'demo' }], ...input } })).sendNotification
      .notification.id;

  test('wants an operator key', async () => {
    await enterKey(page, `ho_${'x'.repeat(43)}`);
    await eventually(
      () => page.locator('#sign-in-error').textContent(),
      (text) => expect(text).not.toBe(''),
    );
    expect(await page.locator('#signed-in').isVisible()).toBe(false);
    // The browser itself reports the refused request; from here on there must be nothing.
    trouble = troubleOf(page);
    await signIn(page, platform);
    expect(await page.locator('#sign-in').isVisible()).toBe(false);
  });

  test('shows deliveries live, and counts them', async () => {
    // Until the subscription runs, what is sent is not in the feed: so one is sent until it is.
    await eventually(
      async () => {
        await send({ template: 'welcome', data: { product: 'Herald' }, channels: ['IN_APP', 'EMAIL'] });
        await page.locator('#feed > li').first().waitFor({ timeout: 2_000 });
        return page.locator('#feed > li').allTextContents();
      },
      (rows) => expect(rows.join()).toMatch(/E-mail.*Sent|In-app.*Delivered/),
      60_000,
    );
    await eventually(
      async () => {
        // What was delivered before midnight does not count any more after it.
        await send({ content: { body: 'Today' }, channels: ['IN_APP'] });
        await page.waitForTimeout(500);
        return page.locator('#totals [data-total=delivered] dd').textContent();
      },
      (count) => expect(Number(count)).toBeGreaterThan(0),
    );
    expect(await page.locator('#channels').textContent()).toContain('In-app');
  });

  test('lists templates and routes', async () => {
    await page.locator('#templates', { hasText: 'welcome' }).waitFor();
    await page.locator('#routes', { hasText: 'order.paid' }).waitFor();
  });

  test('shows a notification with its timeline, and cancels it', async () => {
    const id = await send({
      content: { body: 'Tomorrow' },
      channels: ['IN_APP'],
      sendAt: new Date(Date.now() + 86_400_000),
    });
    await page.locator('#reload').click();
    await page.locator(`#notifications tr[data-id="${id}"] button`).click();
    const detail = page.locator('#detail');
    await detail.locator('li[data-type=scheduled]').waitFor();
    await detail.getByRole('button', { name: 'Cancel' }).click();
    await detail.locator('li[data-type=canceled]').waitFor();
    expect(await page.locator('#detail-state').textContent()).toBe('Canceled');
    await page.keyboard.press('Escape');
    expect(await detail.isVisible()).toBe(false);
  });

  test('filters and turns pages', async () => {
    await page.locator('#filter-state').selectOption('CANCELED');
    await eventually(
      () => page.locator('#notifications tr').count(),
      (count) => expect(count).toBe(1),
    );
    await page.locator('#filter-state').selectOption('');
    const inputs = Array.from({ length: 20 }, (_, i) => ({
      content: { body: `Number ${i}` },
      to: [{ user: 'demo' }],
      channels: ['IN_APP'],
    }));
    const { sendNotifications } = await platform.app.data<{
      sendNotifications: { notification: { id: string } }[];
    }>(
      `mutation Many($inputs: [SendNotificationInput!]!) {
        sendNotifications(inputs: $inputs) { notification { id } }
      }`,
      { inputs },
    );
    const newest = new Set<string | undefined>(sendNotifications.map(({ notification }) => notification.id));
    await page.locator('#reload').click();
    const ids = () =>
      page.locator('#notifications tr').evaluateAll((rows) => rows.map((row) => row.dataset.id));
    const firstPage = await eventually(ids, (shown) => {
      expect(shown).toHaveLength(15);
      expect(shown.filter((id) => !newest.has(id))).toEqual([]);
    });
    await page.locator('#older').click();
    await eventually(ids, (shown) => expect(shown.some((id) => firstPage.includes(id))).toBe(false));
    await page.locator('#newer').click();
    await eventually(ids, (shown) => expect(shown).toEqual(firstPage));
  });

  test('shows what failed for good, sends it again and discards it', async () => {
    const failing = (name: string) =>
      send({
        content: { body: 'Never' },
        to: [{ channel: 'WEBHOOK', address: `https://127.0.0.1:9/${name}` }],
      });
    const [first, second] = [await failing('one'), await failing('two')];
    const rows = page.locator('#dead-letters tr');
    await eventually(
      async () => {
        await page.locator('#dead-reload').click();
        return rows.allTextContents();
      },
      (texts) => {
        expect(texts).toHaveLength(2);
        expect(texts.join()).toContain('CHANNEL_ADDRESS_NOT_ALLOWED');
        expect(texts.join()).toContain('https://127.0.0.1:9/one');
      },
    );
    const discard = page.locator('#dead-discard');
    expect(await discard.isDisabled()).toBe(true);
    const rowOf = (id: string) => rows.filter({ has: page.locator(`button[title="${id}"]`) });
    await rowOf(first).getByRole('checkbox').check();
    await page.getByLabel('Why').fill('That host is ours');
    await discard.click();
    await eventually(
      () => page.locator('#dead-note').textContent(),
      (text) => expect(text).toBe('Discarded: 1.'),
    );
    await eventually(
      () => rows.count(),
      (count) => expect(count).toBe(1),
    );
    await page.locator('#dead-state').selectOption('DISCARDED');
    await rowOf(first).waitFor();
    expect(await rowOf(first).textContent()).toContain('That host is ours');
    await page.locator('#dead-state').selectOption('OPEN');
    await rowOf(second).waitFor();
    await page.locator('#dead-channel').selectOption('EMAIL');
    await page.locator('#dead-empty').waitFor();
    await page.locator('#dead-channel').selectOption('WEBHOOK');
    await rowOf(second).waitFor();
    await page.locator('#dead-replay').click();
    await eventually(
      () => page.locator('#dead-note').textContent(),
      (text) => expect(text).toBe('Sent again: 1.'),
    );
    await page.locator('#dead-state').selectOption('REPLAYED');
    const replayed = rowOf(second);
    await replayed.waitFor();
    await replayed.locator('.why button').click();
    const detail = page.locator('#detail');
    await detail.locator('li[data-type=replayOf]').waitFor();
    await page.keyboard.press('Escape');
    const { auditEntries } = await platform.operator.data<{
      auditEntries: { nodes: { action: string; count: number; reason: string | null }[] };
    }>('query Trail { auditEntries(first: 2) { nodes { action count reason } } }');
    expect(auditEntries.nodes).toEqual([
      { action: 'REPLAY', count: 1, reason: null },
      { action: 'DISCARD', count: 1, reason: 'That host is ours' },
    ]);
  });

  test('forgets the key', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    expect(await page.locator('#sign-in').isVisible()).toBe(true);
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    expect(trouble).toEqual([]);
  });
});

describe('packages in the console', () => packagesInTheConsole(platform, browser));
