/** A developer opens /graphql in a browser, finds a field and runs it; programs get JSON there as ever. */
import { expect, test } from 'vitest';
import { troubleOf, useChromium } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { SEND } from '../support/graph.ts';
import { usePlatform } from '../support/platform.ts';

const platform = usePlatform();
const browser = useChromium();

test('a browser gets a page that runs operations', async () => {
  const page = await browser.context.newPage();
  const trouble = troubleOf(page);
  await page.goto(`${platform.url}/graphql`);
  await page.getByLabel('Credential').fill(platform.operatorKey);
  await page.getByLabel('Find a field').fill('deliveryStats');
  await page.locator('#docs button', { hasText: 'deliveryStats' }).click();
  expect(await page.getByLabel('Operation').inputValue()).toContain('query DeliveryStats($from: DateTime');
  await page.getByLabel('Operation').fill('{ deliveryStats { totals { delivered } } }');
  await page.getByRole('button', { name: 'Run' }).click();
  const result = page.locator('#result');
  await eventually(
    () => result.textContent(),
    (text) => expect(text).toContain('"delivered": 0'),
  );

  await page.getByLabel('Operation').fill('subscription Feed { deliveryUpdated { channel state } }');
  await page.getByLabel('Operation').press('Control+Enter');
  await eventually(
    async () => {
      await platform.app.data(SEND, {
        input: { content: { body: 'Hello' }, to: [{ user: 'demo' }], channels: ['IN_APP'] },
      });
      return result.textContent();
    },
    (text) => expect(text).toContain('"state": "DELIVERED"'),
  );
  await page.getByRole('button', { name: 'Stop' }).click();
  expect(trouble).toEqual([]);
  await page.close();
});

test.each([
  ['a query', '?query=%7B__typename%7D', 'text/html,application/json;q=0.9', 'application/json'],
  ['a program without a query', '', 'application/json', 'application/json'],
  ['a browser', '', 'text/html,application/xhtml+xml,*/*;q=0.8', 'text/html'],
])('GET /graphql by %s', async (_name, search, accept, type) => {
  const response = await fetch(`${platform.url}/graphql${search}`, {
    headers: { accept, 'apollo-require-preflight': 'true' },
  });
  expect(response.headers.get('content-type')).toContain(type);
  await response.body?.cancel();
});
