/** How the React components look and render in Chromium: schemes, directions, languages, sizes, hydration. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { useChromium } from '../support/chromium.ts';
import type { PageConfig } from './page/page-config.ts';
import { ARABIC, CHINESE, ENGLISH, snapshotOf } from './page/snapshots.ts';
import { useReactPages } from './use-react-pages.ts';

const browser = useChromium();
const openReactPage = useReactPages(browser);
async function openPage(config: PageConfig): Promise<Page> {
  const page = await openReactPage(config);
  await page.locator('.herald').first().waitFor();
  return page;
}

/** Of text to what is behind it (WCAG 2.2, contrast ratio), for all texts that are shown. */
const LOWEST_CONTRAST = `(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).slice(0, 3).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (channels(colour)[3] !== 0) return colour;
    }
    throw new Error('nothing behind the text');
  };
  let lowest = { ratio: 21, text: '' };
  for (const element of document.querySelectorAll('.herald *')) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join('').trim();
    if (text === '' || element.closest('.herald-unseen') || element.closest('[aria-disabled=true]')) continue;
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < lowest.ratio) lowest = { ratio, text };
  }
  return lowest;
})()`;

describe('schemes', () => {
  const background = (page: Page) =>
    page.evaluate<string>("getComputedStyle(document.querySelector('.herald-inbox')).backgroundColor");
  const LIGHT = 'rgb(255, 255, 255)';
  const DARK = 'rgb(24, 27, 38)';

  test("follows the system, unless the page's attribute or the provider says otherwise", async () => {
    const config: PageConfig = { show: 'inbox', snapshot: snapshotOf(ENGLISH) };
    const page = await openPage(config);
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await background(page)).toBe(LIGHT);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await background(page)).toBe(DARK);
    await page.evaluate("document.documentElement.dataset.heraldTheme = 'light'");
    expect(await background(page)).toBe(LIGHT);
    const dark = await openPage({ ...config, theme: 'dark' });
    await dark.emulateMedia({ colorScheme: 'light' });
    await dark.evaluate("document.documentElement.dataset.heraldTheme = 'light'");
    expect(await background(dark)).toBe(DARK);
  });

  test.each(['light', 'dark'] as const)('all text is legible when it is %s', async (theme) => {
    const page = await openPage({
      show: 'both',
      theme,
      snapshot: snapshotOf(ENGLISH, { hasMore: true, error: { code: 'FORBIDDEN', message: '' } }),
    });
    const lowest = await page.evaluate<{ ratio: number; text: string }>(LOWEST_CONTRAST);
    expect(lowest.ratio, lowest.text).toBeGreaterThanOrEqual(4.5);
    expect(lowest.ratio).toBeLessThan(21);
  });

  test('variables above the components change them', async () => {
    const page = await openPage({ show: 'inbox', snapshot: snapshotOf(ENGLISH) });
    await page.addStyleTag({
      content: ':root { --herald-background: rgb(255, 250, 240); --herald-radius: 0px }',
    });
    expect(await background(page)).toBe('rgb(255, 250, 240)');
    expect(
      await page.evaluate("getComputedStyle(document.querySelector('.herald-inbox')).borderRadius"),
    ).toBe('0px');
  });

  test('nothing moves for who wants less motion', async () => {
    const page = await openPage({ show: 'bell', snapshot: snapshotOf([], { status: 'connecting' }) });
    const moving = async (reducedMotion: 'reduce' | 'no-preference') => {
      await page.emulateMedia({ reducedMotion });
      await page.reload();
      await page.locator('.herald-bell-button').click();
      return page.evaluate<number>('document.getAnimations().length');
    };
    expect(await moving('no-preference')).toBeGreaterThan(0);
    expect(await moving('reduce')).toBe(0);
  });
});

describe('directions and languages', () => {
  test('from right to left everything changes sides, and a message keeps the order of its own words', async () => {
    const page = await openPage({ show: 'both', locale: 'ar', snapshot: snapshotOf(ARABIC) });
    expect(await page.locator('.herald').first().getAttribute('dir')).toBe('rtl');
    const heading = await page.getByRole('heading', { name: 'الإشعارات' }).boundingBox();
    const all = await page.getByRole('button', { name: 'تحديد الكل كمقروء' }).boundingBox();
    expect(heading?.x).toBeGreaterThan((all?.x ?? 0) + (all?.width ?? 0));
    const style = await page.evaluate<{ direction: string; textAlign: string }>(`(() => {
      const english = [...document.querySelectorAll('.herald-body')].find((one) => one.textContent === 'Due on Friday.');
      const { direction, textAlign } = getComputedStyle(english);
      return { direction, textAlign };
    })()`);
    expect(style.direction).toBe('ltr');
    expect(style.textAlign).toContain('right');
    expect(await page.locator('.herald-bell-button').getAttribute('aria-label')).toBe(
      'الإشعارات، إشعاران غير مقروءين',
    );
    await page.locator('.herald-bell-button').click();
    const box = await page.getByRole('dialog').boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
  });

  test("the page's language is taken where the provider has none", async () => {
    const page = await openReactPage({ show: 'inbox', snapshot: snapshotOf(CHINESE) });
    await page.getByRole('button', { name: 'Mark all as read' }).waitFor();
    const chinese = await openPage({ show: 'inbox', locale: 'zh', snapshot: snapshotOf(CHINESE) });
    await chinese.getByRole('button', { name: '全部标为已读' }).waitFor();
  });
});

describe('sizes', () => {
  test.each([200, 360, 1200])('nothing is cut off at a width of %i', async (width) => {
    const page = await openPage({ show: 'inbox', snapshot: snapshotOf(ENGLISH, { hasMore: true }) });
    await page.setViewportSize({ width, height: 700 });
    const tooWide = await page.evaluate<string[]>(`(() => {
      const box = document.querySelector('.herald-inbox').getBoundingClientRect();
      return [...document.querySelectorAll('.herald-inbox *')]
        .filter((element) => !element.closest('.herald-unseen') && !element.matches('.herald-mark-all > span'))
        .filter((element) => element.getBoundingClientRect().right > box.right + 0.5)
        .map((element) => element.className || element.tagName);
    })()`);
    expect(tooWide).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });
});

describe('what a server has rendered', () => {
  test.each(['en', 'ar', undefined])('is taken over as it is (%s)', async (locale) => {
    const page = await openPage({
      show: 'both',
      hydrate: true,
      locale,
      snapshot: snapshotOf(ENGLISH, { hasMore: true }),
    });
    // Then the times become those of the reader.
    await page.locator('time[title]').first().waitFor();
    expect(await page.locator('article').count()).toBe(ENGLISH.length);
  });
});
