import type { Page } from 'playwright-core';
import type { Platform } from '../support/platform.ts';

/** Fills in a key and presses the button, whatever comes of it. */
export async function enterKey(page: Page, key: string): Promise<void> {
  await page.getByLabel('Operator key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** On the console's page, as the first operator; resolves when it is live. */
export async function signIn(page: Page, platform: Platform): Promise<void> {
  await enterKey(page, platform.operatorKey);
  await page.locator('#connection[data-state=live]').waitFor();
}
