/** The React components in Chromium, against the whole platform. */
import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { useChromium } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { usePlatform } from '../support/platform.ts';
import { newPerson, send, titled } from './messages.ts';
import type { PageConfig } from './page/page-config.ts';
import { useReactPages } from './use-react-pages.ts';

const platform = usePlatform();
const browser = useChromium();
const openReactPage = useReactPages(browser);
const openPage = (config: PageConfig) => openReactPage({ url: platform.url, ...config });

const rows = (page: Page) => page.locator('article');
const titles = (page: Page) => page.locator('article h3 a, article h3:not(:has(a))').allInnerTexts();
const plain = async (page: Page) =>
  (await titles(page)).map((title) => title.replace(/^Unread\s+/, '').trim());
const showsTitles = (page: Page, expected: readonly string[]) =>
  eventually(
    () => plain(page),
    (now) => expect(now).toEqual(expected),
  );
/** The title of the message that has the focus itself. */
const focused = (page: Page) =>
  page.evaluate<string>(
    `document.activeElement?.matches('article') ? document.activeElement.querySelector('h3').lastChild.textContent : document.activeElement?.outerHTML.slice(0, 90)`,
  );
const bell = (page: Page) => page.getByRole('button', { name: /^Notifications/ });
const has = (locator: Locator, name: string, value: string | null) =>
  eventually(
    () => locator.getAttribute(name),
    (now) => expect(now).toBe(value),
  );

async function inboxWith(
  id: string,
  names: readonly string[],
  config: Partial<PageConfig> = {},
): Promise<Page> {
  const token = await newPerson(platform, id);
  await send(platform, id, ...titled(...names));
  const page = await openPage({ token, show: 'inbox', ...config });
  await showsTitles(page, names.toReversed());
  return page;
}

describe('live', () => {
  test('a message appears by itself, is counted on the bell, and is announced once', async () => {
    const token = await newPerson(platform, 'live');
    const page = await openPage({ token, show: 'both' });
    await page.getByText('Nothing here yet').waitFor();
    await has(bell(page), 'aria-label', 'Notifications');

    await send(platform, 'live', { title: 'Invoice 2043', body: 'Due on Friday' });
    await showsTitles(page, ['Invoice 2043']);
    await has(bell(page), 'aria-label', 'Notifications, 1 unread');
    expect(await page.locator('.herald-badge').textContent()).toBe('1');
    const spoken = page.locator('[aria-live=polite]');
    await eventually(
      async () => (await spoken.allTextContents()).filter(Boolean),
      (said) => expect(said).toEqual(['New notification: Invoice 2043']),
    );

    await send(platform, 'live', ...titled('a', 'b', 'c'));
    await showsTitles(page, ['c', 'b', 'a', 'Invoice 2043']);
    await has(bell(page), 'aria-label', 'Notifications, 4 unread');
    await page.getByRole('button', { name: 'Mark all as read' }).click();
    await has(bell(page), 'aria-label', 'Notifications');
    expect(await page.locator('article[data-unread]').count()).toBe(0);
  });

  test('strict mode opens one socket', async () => {
    const token = await newPerson(platform, 'strict');
    let sockets = 0;
    const count = (page: Page) => page.on('websocket', () => sockets++);
    browser.context.on('page', count);
    const page = await openPage({ token, show: 'inbox' });
    await page.getByText('Nothing here yet').waitFor();
    browser.context.off('page', count);
    expect(sockets).toBe(1);
  });

  test('what is done in the page is done for all', async () => {
    const page = await inboxWith('synced', ['one', 'two']);
    const other = await openPage({ token: await newPerson(platform, 'synced'), show: 'both' });
    await showsTitles(other, ['two', 'one']);
    await page.bringToFront();
    await rows(page).first().hover();
    await rows(page).first().getByRole('button', { name: 'Mark as read' }).click();
    await has(bell(other), 'aria-label', 'Notifications, 1 unread');
    await rows(page).first().getByRole('button', { name: 'Archive' }).click();
    await showsTitles(other, ['one']);
  });

  test('a token that is refused is said', async () => {
    const page = await openPage({ token: 'nonsense', show: 'both' });
    await page.getByText('You are signed out').waitFor();
    expect(await page.getByRole('button', { name: 'Try again' }).isVisible()).toBe(true);
  });
});

describe('the keyboard in the list', () => {
  test('arrows, Home and End move; R, U and E act; the focus stays in the list', async () => {
    const page = await inboxWith('keys', ['one', 'two', 'three', 'four']);
    await page.getByRole('button', { name: 'Mark all as read' }).focus();
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('four');
    for (const [key, at] of [
      ['ArrowDown', 'three'],
      ['End', 'one'],
      ['ArrowDown', 'one'],
      ['ArrowUp', 'two'],
      ['PageUp', 'three'],
      ['Home', 'four'],
    ] as const) {
      await page.keyboard.press(key);
      expect(await focused(page), key).toBe(at);
    }
    const four = rows(page).first();
    await page.keyboard.press('r');
    await has(four, 'data-unread', null);
    await page.keyboard.press('u');
    await has(four, 'data-unread', 'true');
    // Tab goes through the message's own controls, then out of the list: the others are not in the way.
    await page.keyboard.press('Tab');
    expect(await focused(page)).toContain('aria-label="Mark as read"');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toContain('aria-label="Archive"');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toContain('id="outside"');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).toBe('three');

    await page.keyboard.press('e');
    await showsTitles(page, ['four', 'two', 'one']);
    expect(await focused(page)).toBe('two');
    await page.keyboard.press('End');
    await page.keyboard.press('Delete');
    await showsTitles(page, ['four', 'two']);
    expect(await focused(page)).toBe('two');
    await page.keyboard.press('e');
    await showsTitles(page, ['four']);
    await page.keyboard.press('e');
    await page.getByText('Nothing here yet').waitFor();
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H2');
  });

  test('a message that another device archives hands the focus on', async () => {
    const page = await inboxWith('elsewhere', ['one', 'two', 'three']);
    await rows(page).nth(1).focus();
    expect(await focused(page)).toBe('two');
    const id = await rows(page).nth(1).getAttribute('data-id');
    const elsewhere = await platform.user('elsewhere');
    await elsewhere.data('mutation A($ids: [ID!]!) { archive(ids: $ids) { id } }', { ids: [id] });
    await showsTitles(page, ['three', 'one']);
    expect(await focused(page)).toBe('one');
  });

  test('a new message leaves the focus where it is', async () => {
    const page = await inboxWith('steady', ['one', 'two']);
    await rows(page).nth(1).focus();
    await send(platform, 'steady', ...titled('three'));
    await showsTitles(page, ['three', 'two', 'one']);
    expect(await focused(page)).toBe('one');
  });

  test('Enter and a click open and mark as read; the page may take the address over', async () => {
    const token = await newPerson(platform, 'takes');
    const order = { title: 'Order', body: 'Paid', url: '/orders/7' };
    await send(platform, 'takes', { title: 'No address', body: 'Only text' }, order);
    const page = await openPage({ token, show: 'inbox', takesOpening: true });
    await showsTitles(page, ['Order', 'No address']);
    await rows(page).first().focus();
    await page.keyboard.press('Enter');
    await has(rows(page).first(), 'data-unread', null);
    await rows(page).nth(1).getByText('Only text').click();
    await has(rows(page).nth(1), 'data-unread', null);
    expect(await page.evaluate('notes.opened.length')).toBe(2);
    expect(new URL(page.url()).pathname).toBe('/');
  });

  test('a followed address leaves the page, and what was read stays read', async () => {
    const token = await newPerson(platform, 'follows');
    await send(platform, 'follows', { title: 'Order', body: 'Paid', url: '/orders/7' });
    const page = await openPage({ token, show: 'inbox' });
    await showsTitles(page, ['Order']);
    await rows(page).first().getByText('Paid').click();
    await page.waitForURL('**/orders/7');
    await page.goBack();
    await showsTitles(page, ['Order']);
    await has(rows(page).first(), 'data-unread', null);
  });

  test('older messages are loaded, and the keyboard goes on with the first of them', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `m${index}`);
    const token = await newPerson(platform, 'pages');
    await send(platform, 'pages', ...titled(...names));
    const page = await openPage({ token, show: 'inbox', pageSize: 5 });
    await showsTitles(page, names.toReversed().slice(0, 5));
    expect(await rows(page).first().getAttribute('aria-setsize')).toBe('-1');
    const more = page.getByRole('button', { name: 'Show older' });
    await more.press('Enter');
    await showsTitles(page, names.toReversed());
    await eventually(
      () => focused(page),
      (at) => expect(at).toBe('m2'),
    );
    expect(await more.count()).toBe(0);
    expect(await rows(page).last().getAttribute('aria-setsize')).toBe('8');
    expect(await rows(page).last().getAttribute('aria-posinset')).toBe('8');
  });
});

describe('the bell', () => {
  test('opens a named dialog, takes the focus there and gives it back', async () => {
    const page = await inboxWith('bell', ['one', 'two'], { show: 'both' });
    const button = bell(page);
    await has(button, 'aria-expanded', 'false');
    expect(await button.getAttribute('aria-haspopup')).toBe('dialog');
    expect(await button.getAttribute('aria-controls')).toBeNull();
    const dialog = page.getByRole('dialog', { name: 'Notifications' });

    await button.press('Enter');
    await dialog.waitFor();
    expect(await button.getAttribute('aria-expanded')).toBe('true');
    expect(await button.getAttribute('aria-controls')).toBe(await dialog.getAttribute('id'));
    expect(await dialog.locator(':focus').getAttribute('data-id')).toBe(
      await dialog.locator('article').first().getAttribute('data-id'),
    );
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await button.evaluate('document.activeElement.className')).toBe('herald-bell-button');

    await button.click();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await button.evaluate('document.activeElement.className')).toBe('herald-bell-button');

    await button.click();
    await dialog.waitFor();
    await button.click();
    await dialog.waitFor({ state: 'detached' });
  });

  test('closes by a click elsewhere, and when the focus leaves it', async () => {
    const page = await inboxWith('leaves', ['one'], { show: 'both' });
    const dialog = page.getByRole('dialog');
    await bell(page).click();
    await dialog.waitFor();
    await page.mouse.click(20, 600);
    await dialog.waitFor({ state: 'detached' });

    await bell(page).press('Enter');
    await dialog.waitFor();
    for (let tabs = 0; tabs < 6 && (await dialog.count()) > 0; tabs++) await page.keyboard.press('Tab');
    expect(await dialog.count()).toBe(0);
    // Archiving the focused message is no leaving.
    await bell(page).press('Enter');
    await dialog.waitFor();
    await page.keyboard.press('e');
    await dialog.getByText('Nothing here yet').waitFor();
    expect(await dialog.count()).toBe(1);
  });

  test.each(['start', 'end'] as const)(
    'its popover stays in a narrow window, with the bell at the %s',
    async (at) => {
      const token = await newPerson(platform, `narrow-${at}`);
      await send(platform, `narrow-${at}`, ...titled('one', 'two'));
      const page = await openPage({ token, show: 'bell', bell: at });
      await has(bell(page), 'aria-label', 'Notifications, 2 unread');
      for (const width of [360, 800]) {
        await page.setViewportSize({ width, height: 640 });
        await bell(page).click();
        const box = await page.getByRole('dialog').boundingBox();
        expect(box?.x).toBeGreaterThanOrEqual(0);
        expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
        expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(640);
        await page.keyboard.press('Escape');
      }
    },
  );
});
