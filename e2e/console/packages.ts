/** An operator finds a package in the console, looks at it, publishes it and goes back. */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { troubleOf } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import type { Platform } from '../support/platform.ts';
import { signIn } from './sign-in.ts';

/** More than a page of the console. */
const PACKAGES = 40;

/** In a page of its own. @param platform on which nobody else makes packages. */
export function packagesInTheConsole(
  platform: Platform,
  browser: { readonly context: BrowserContext },
): void {
  const save = (id: string, body: string) =>
    platform.operator.data(
      `mutation Save($package: PackageInput!, $template: TemplateInput!, $route: RouteInput!) {
      savePackage(input: $package) { id }
      saveTemplate(input: $template) { id }
      saveRoute(input: $route) { event }
    }`,
      {
        package: { id, name: `Messages of ${id}` },
        template: { id: `${id}.paid`, name: 'Paid', package: id, contents: [{ channel: 'IN_APP', body }] },
        route: { event: `${id}.happened`, template: `${id}.paid`, package: id },
      },
    );

  let page: Page;
  let trouble: readonly string[];
  beforeAll(async () => {
    for (let number = 0; number < PACKAGES; number++)
      await platform.operator.data(
        'mutation Save($input: PackageInput!) { savePackage(input: $input) { id } }',
        { input: { id: `many-${String(number).padStart(2, '0')}`, name: `Number ${number}` } },
      );
    await save('orders', 'You paid');
    page = await browser.context.newPage();
    trouble = troubleOf(page);
    await page.goto(`${platform.url}/console`);
    await signIn(page, platform);
  });
  afterAll(() => page?.close());

  const ids = () =>
    page.locator('#packages tr').evaluateAll((rows) => rows.map((row) => row.dataset.package));
  const dialog = () => page.locator('#package');
  const says = (selector: string, text: string) =>
    eventually(
      () => page.locator(selector).textContent(),
      (shown) => expect(shown).toBe(text),
    );
  const versions = () =>
    dialog()
      .locator('#package-versions > li')
      .evaluateAll((rows) => rows.map((row) => row.dataset.version));

  test('are listed by pages', async () => {
    const first = Array.from({ length: 15 }, (_, number) => `many-${String(number).padStart(2, '0')}`);
    await eventually(ids, (shown) => expect(shown).toEqual(first));
    expect(await page.locator('#packages-previous').isDisabled()).toBe(true);
    await page.locator('#packages-next').click();
    await eventually(ids, (shown) => expect(shown[0]).toBe('many-15'));
    await page.locator('#packages-next').click();
    await eventually(ids, (shown) => expect(shown.at(-1)).toBe('orders'));
    expect(await page.locator('#packages-next').isDisabled()).toBe(true);
    await page.locator('#packages-previous').click();
    await eventually(ids, (shown) => expect(shown[0]).toBe('many-15'));
  });

  test('are found by a part of the name', async () => {
    const search = page.getByLabel('Search packages');
    await search.fill('nothing has this');
    await page.locator('#packages-empty').waitFor();
    await search.fill('MESSAGES of');
    await eventually(ids, (shown) => expect(shown).toEqual(['orders']));
  });

  test('show what a draft changes, and are published once that is confirmed', async () => {
    await page.locator('#packages tr[data-package="orders"] button').click();
    await says('#package-state', 'Not published yet');
    expect(await dialog().locator('[data-member="orders.paid"]').textContent()).toMatch(/Paid.*new.*draft/);
    await dialog().locator('[data-member="orders.happened"]').waitFor();
    await dialog().getByLabel('Note for the history').fill('The first');
    await page.keyboard.press('Enter');
    await dialog().getByRole('button', { name: 'Leave it' }).click();
    expect(
      await dialog()
        .getByLabel('Note for the history')
        .evaluate((note) => note.matches(':focus')),
    ).toBe(true);
    await says('#package-state', 'Not published yet');
    await dialog().getByRole('button', { name: 'Publish', exact: true }).click();
    await dialog().getByRole('button', { name: 'Publish orders' }).click();
    await says('#package-said', 'Version 1 is in force.');
    await says('#package-state', 'Version 1');
    await dialog().locator('#package-unchanged').waitFor();
    expect(await dialog().locator('#package-publish').isDisabled()).toBe(true);
    expect(await dialog().locator('[data-version="1"]').textContent()).toContain('The first');
    await page.keyboard.press('Escape');

    await save('orders', 'You have paid');
    await page.locator('#packages tr[data-package="orders"] button').click();
    const change = dialog().locator('#package-changes details').filter({ hasText: 'orders.paid' });
    await change.locator('summary').click();
    expect(await change.locator('.added').allTextContents()).toEqual([
      expect.stringContaining('You have paid'),
    ]);
    expect(await change.locator('.taken').allTextContents()).toEqual([expect.stringContaining('You paid')]);
    await dialog().getByRole('button', { name: 'Publish', exact: true }).click();
    await dialog().getByRole('button', { name: 'Publish orders' }).click();
    await says('#package-said', 'Version 2 is in force.');
    expect(await versions()).toEqual(['2', '1']);
  });

  test('show what a version changed, and go back to one', async () => {
    const second = dialog().locator('[data-version="2"]');
    expect(await second.getByRole('button', { name: 'Go back' }).count()).toBe(0);
    await second.getByRole('button', { name: 'Changes' }).click();
    await second.locator('details').filter({ hasText: 'orders.paid' }).locator('summary').click();
    expect(await second.locator('.added').first().textContent()).toContain('You have paid');
    await dialog().locator('[data-version="1"]').getByRole('button', { name: 'Go back' }).click();
    await dialog().getByRole('button', { name: 'Put back to version 1' }).click();
    await says('#package-said', 'Version 3 is in force.');
    expect(await dialog().locator('[data-version="3"]').textContent()).toContain('as version 1');
    const { previewTemplate } = await platform.operator.data<{ previewTemplate: { body: string }[] }>(
      'query Preview { previewTemplate(id: "orders.paid", data: {}) { body } }',
    );
    expect(previewTemplate.map(({ body }) => body)).toContain('You paid');
    await eventually(
      () => page.locator('#packages tr[data-package="orders"] .number').textContent(),
      (version) => expect(version).toBe('3'),
    );
  });

  test('say what is wrong, and are not published then', async () => {
    await page.keyboard.press('Escape');
    await platform.operator.data('mutation { removeTemplate(id: "orders.paid") }');
    await page.locator('#packages tr[data-package="orders"] button').click();
    await dialog().locator('#package-problems .bad-text').waitFor();
    expect(await dialog().locator('#package-problems').textContent()).toContain('to be removed');
    // The browser itself reports the refused request; until here there was nothing.
    expect(trouble).toEqual([]);
    await dialog().getByRole('button', { name: 'Publish', exact: true }).click();
    await dialog().getByRole('button', { name: 'Publish orders' }).click();
    await dialog().locator('#package-said.bad-text').waitFor();
    await says('#package-state', 'Version 3');
    await eventually(versions, (shown) => expect(shown).toEqual(['3', '2', '1']));
  });
}
