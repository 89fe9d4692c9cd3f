/** Tabs with the application of the React components; each is closed after its test, in which nothing may have gone wrong. */
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { useChromium } from '../support/chromium.ts';
import type { PageConfig } from './page/page-config.ts';
import { ReactApp, type ReactPage } from './react-app.ts';

/** @returns opens one. */
export function useReactPages(
  browser: ReturnType<typeof useChromium>,
): (config: PageConfig) => Promise<ReactPage['page']> {
  const app = new ReactApp();
  beforeAll(() => app.start());
  afterAll(() => app.stop());
  const open: ReactPage[] = [];
  afterEach(async () => {
    for (const { page, trouble } of open.splice(0)) {
      expect(trouble).toEqual([]);
      // A page that was sent elsewhere keeps none.
      expect(await page.evaluate('globalThis.notes?.errors ?? []')).toEqual([]);
      await page.close();
    }
  });
  return async (config) => {
    const opened = await app.open(browser.context, config);
    open.push(opened);
    return opened.page;
  };
}
