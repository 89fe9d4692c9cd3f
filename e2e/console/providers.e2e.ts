/** An operator makes a provider account in the console, tries it out, changes it and takes it away again. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { troubleOf, useChromium } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { usePlatform } from '../support/platform.ts';
import { signIn } from './sign-in.ts';

const platform = usePlatform();
const browser = useChromium();
const TOKEN = '123456:abcdefghijklmnopqrstuvwxyz';

/** A Telegram that takes everything, or refuses the token. */
let refuses = false;
const sent: string[] = [];
const telegram = createServer((request, response) => {
  request.resume().on('end', () => {
    if (request.url?.endsWith('/sendMessage')) sent.push(request.url);
    response
      .writeHead(refuses ? 401 : 200, { 'content-type': 'application/json' })
      .end(
        JSON.stringify(
          refuses
            ? { ok: false, error_code: 401, description: 'Unauthorized' }
            : { ok: true, result: { message_id: 1 } },
        ),
      );
  });
});

describe('provider accounts in the console', () => {
  let page: Page;
  let trouble: readonly string[];
  beforeAll(async () => {
    await new Promise<void>((resolve) => telegram.listen(0, '127.0.0.1', resolve));
    page = await browser.context.newPage();
    trouble = troubleOf(page);
    await page.goto(`${platform.url}/console`);
    await signIn(page, platform);
  });
  afterAll(async () => {
    await page.close();
    telegram.closeAllConnections();
    telegram.close();
  });

  const row = (id: string) => page.locator(`#providers tr[data-account="${id}"]`);
  const dialog = () => page.locator('#provider');
  const errorOf = (path: string) => dialog().locator(`[data-field="${path}"] .bad-text`);
  const says = (id: string, state: string) =>
    eventually(
      () => row(id).first().locator('.state').textContent(),
      (text) => expect(text).toBe(state),
    );

  test('shows those of the settings, says that they are changed there, and tests them', async () => {
    await row('sandbox').first().waitFor();
    expect(await row('sandbox').first().textContent()).toContain('of the settings');
    await row('sandbox').first().getByRole('button').click();
    await dialog().locator('#provider-from-settings').waitFor();
    expect(await dialog().locator('#provider-form').textContent()).toBe('ConfigurationProvidersandbox');
    expect(await dialog().getByRole('button', { name: 'Delete' }).count()).toBe(0);
    await dialog().getByLabel('Send a test to').fill('jane@example.com');
    await page.keyboard.press('Enter');
    await eventually(
      () => dialog().locator('#provider-test-result').textContent(),
      (text) => expect(text).toContain('The provider took it'),
    );
    const { sandboxMessages } = await platform.operator.data<{ sandboxMessages: unknown[] }>(
      '{ sandboxMessages(first: 1) { title address notification { id } } }',
    );
    expect(sandboxMessages).toEqual([
      { title: 'Herald test', address: 'jane@example.com', notification: null },
    ]);
    await page.keyboard.press('Escape');
    expect(await dialog().isVisible()).toBe(false);
  });

  test('makes one, with errors beside their fields', async () => {
    await page.locator('#providers-new').click();
    await dialog().getByLabel('Provider', { exact: true }).selectOption('telegram');
    await dialog().getByLabel('Id', { exact: true }).fill('bot');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await eventually(
      () => errorOf('input.config.botToken').textContent(),
      (text) => expect(text).toBe('It is required. It is a secret.'),
    );
    const token = dialog().getByLabel('Bot token');
    expect(await token.getAttribute('aria-invalid')).toBe('true');
    expect(await token.evaluate((element) => element.matches(':focus'))).toBe(true);
    expect(await token.getAttribute('type')).toBe('password');
    await token.fill('not a token');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await eventually(
      () => errorOf('input.config.botToken').textContent(),
      (text) => expect(text).toContain('must match pattern'),
    );
    await token.fill(TOKEN);
    await dialog().getByText('For operators of the first workspace').click();
    await dialog()
      .getByLabel('API address')
      .fill(`http://127.0.0.1:${(telegram.address() as AddressInfo).port}`);
    await dialog().getByLabel('Order').fill('2000');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await eventually(
      () => errorOf('input.order').textContent(),
      (text) => expect(text).toContain('0 to 1000'),
    );
    expect(await errorOf('input.config.botToken').textContent()).toBe('');
    await dialog().getByLabel('Order').fill('10');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await eventually(
      () => dialog().locator('#provider-note').textContent(),
      (text) => expect(text).toBe('Saved.'),
    );
    await says('bot', 'OK');
    expect(await page.locator('#providers').textContent()).toMatch(/Telegram.*bot.*OK/s);
  });

  test('sends a test, and shows what came of it', async () => {
    await dialog().getByLabel('Send a test to').fill('4711');
    await page.keyboard.press('Enter');
    const result = dialog().locator('#provider-test-result');
    await eventually(
      () => result.textContent(),
      (text) => expect(text).toContain('The provider took it'),
    );
    expect(sent).toHaveLength(1);
    refuses = true;
    await dialog().getByRole('button', { name: 'Send a test' }).click();
    await eventually(
      () => result.textContent(),
      (text) => expect(text).toContain('CHANNEL_UNAUTHORIZED'),
    );
    refuses = false;
  });

  test('changes it, and keeps a secret that is not given again', async () => {
    expect(await dialog().getByLabel('Bot token').getAttribute('placeholder')).toBe(
      'Set. Leave empty to keep.',
    );
    await dialog().getByLabel('Weight').fill('300');
    await dialog().getByLabel('Sends from').fill('08:00');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await eventually(
      () => errorOf('input.allowedHours.to').textContent(),
      (text) => expect(text).toContain('must be a time'),
    );
    await dialog().getByLabel('Sends from').fill('');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await eventually(
      () => dialog().locator('#provider-note').textContent(),
      (text) => expect(text).toBe('Saved.'),
    );
    const { providerAccounts } = await platform.operator.data<{
      providerAccounts: { id: string; weight: number; order: number; secretsSet: string[] }[];
    }>('query Own { providerAccounts(includeSettings: false) { id weight order secretsSet } }');
    expect(providerAccounts).toEqual([{ id: 'bot', weight: 300, order: 10, secretsSet: ['botToken'] }]);
    expect(await page.content()).not.toContain(TOKEN);
    await page.keyboard.press('Escape');
  });

  test('switches it off and on by the keyboard', async () => {
    const toggle = page.getByRole('switch', { name: 'bot enabled' });
    await toggle.focus();
    await page.keyboard.press('Space');
    await says('bot', 'Disabled');
    // The list has been drawn anew; the keyboard is where it was.
    await eventually(
      () => toggle.evaluate((element) => element.matches(':focus')),
      (isFocused) => expect(isFocused).toBe(true),
    );
    await page.keyboard.press('Space');
    await says('bot', 'OK');
  });

  test('shows an open circuit and why', async () => {
    refuses = true;
    await platform.app.data(
      'mutation Many($inputs: [SendNotificationInput!]!) { sendNotifications(inputs: $inputs) { deduplicated } }',
      {
        inputs: Array.from({ length: 20 }, () => ({
          content: { body: 'Hello' },
          to: [{ channel: 'TELEGRAM', address: '4711' }],
        })),
      },
    );
    await says('bot', 'Circuit open');
    expect(await row('bot').textContent()).toContain('Too many attempts failed.');
    await row('bot').getByRole('button').click();
    await eventually(
      () => page.locator('#provider-health').textContent(),
      (text) => expect(text).toMatch(/Circuit breaker(Open|Half open)/),
    );
    refuses = false;
  });

  test('deletes it once that is confirmed', async () => {
    await dialog().getByRole('button', { name: 'Delete', exact: true }).click();
    await dialog().getByRole('button', { name: 'Keep it' }).click();
    await dialog().getByRole('button', { name: 'Delete', exact: true }).click();
    await dialog().getByRole('button', { name: 'Delete bot' }).click();
    await eventually(
      () => row('bot').count(),
      (count) => expect(count).toBe(0),
    );
    // The list may be read anew before the answer is there that closes it.
    await dialog().waitFor({ state: 'hidden' });
    expect(trouble).toEqual([]);
  });
});
