/** Pictures for the README: starts the platform on temporary data, drives Chromium, writes docs/images/*.png. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { ReactApp } from '../e2e/react/react-app.ts';
import { openChromium } from '../e2e/support/chromium.ts';
import { Graph } from '../e2e/support/graph.ts';
import { dataFolderOwner } from '../platform/data-services/data-folder-lock.ts';
import { readSecrets } from '../platform/secrets/secrets.ts';
import { EXAMPLE_PACKAGE, exampleFiles } from '../testing/example-package.ts';

const ROOT = resolve(import.meta.dirname, '..');
const FOLDER = process.argv.slice(2).find((argument) => !argument.startsWith('--'));
const IMAGES = resolve(ROOT, FOLDER ?? 'docs/images');
/** `--only=providers`: that picture alone. */
const ONLY = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length);
const SEND_MANY =
  'mutation Send($inputs: [SendNotificationInput!]!) { sendNotifications(inputs: $inputs) { deduplicated } }';

const dataDir = await mkdtemp(join(tmpdir(), 'herald-screenshots-'));
const herald = spawn(process.execPath, ['cli/bin.mjs', 'start'], {
  cwd: ROOT,
  env: { ...process.env, PORT: '0', HERALD_DATA_DIR: dataDir, HERALD_NAMESPACE: 'screenshots' },
  stdio: ['ignore', 'ignore', 'inherit'],
});
const ended = new Promise<void>((settle) => herald.once('exit', () => settle()));
try {
  const url = await addressOf(dataDir);
  const { HERALD_ADMIN_KEY = '', HERALD_DEMO_APP_KEY = '' } = await readSecrets(dataDir);
  await mkdir(IMAGES, { recursive: true });
  await fillIn(new Graph(url, HERALD_DEMO_APP_KEY));
  const wide = { viewport: { width: 1280, height: 900 }, deviceScaleFactor: 2 };
  const narrow = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };
  await take('inbox', { ...wide, colorScheme: 'light' }, (page) => inbox(page, url));
  await take('inbox-dark', { ...wide, colorScheme: 'dark' }, (page) => inbox(page, url));
  const short = { ...wide, viewport: { width: 1180, height: 680 } };
  if (ONLY === undefined) await takeReact('react-bell', url, HERALD_DEMO_APP_KEY);
  await take('console', { ...short, colorScheme: 'light' }, (page) => operators(page, url, HERALD_ADMIN_KEY));
  await take('providers', { ...short, colorScheme: 'light' }, (page) =>
    providers(page, url, HERALD_ADMIN_KEY),
  );
  await take('packages', { ...wide, colorScheme: 'light' }, (page) => packages(page, url, HERALD_ADMIN_KEY));
  if (process.argv.includes('--all')) {
    await take('packages-dark', { ...short, colorScheme: 'dark' }, (page) =>
      packages(page, url, HERALD_ADMIN_KEY),
    );
    await take('providers-dark', { ...short, colorScheme: 'dark' }, (page) =>
      providers(page, url, HERALD_ADMIN_KEY),
    );
    const form = async (page: Page) => {
      await providers(page, url, HERALD_ADMIN_KEY);
      await page.locator('#providers tr[data-account="telegram-eu"] button').click();
    };
    await take('provider-form', { ...wide, colorScheme: 'light' }, form);
    await take('provider-form-narrow-dark', { ...narrow, colorScheme: 'dark' }, form);
    await take('inbox-narrow', { ...narrow, colorScheme: 'light' }, (page) => inbox(page, url), true);
    await take('inbox-narrow-dark', { ...narrow, colorScheme: 'dark' }, (page) => inbox(page, url), true);
    await take('console-dark', { ...wide, colorScheme: 'dark' }, (page) =>
      operators(page, url, HERALD_ADMIN_KEY),
    );
    await take(
      'console-narrow',
      { ...narrow, colorScheme: 'light' },
      (page) => operators(page, url, HERALD_ADMIN_KEY),
      true,
    );
    await take('console-detail', { ...wide, colorScheme: 'light' }, async (page) => {
      await operators(page, url, HERALD_ADMIN_KEY);
      await page.locator('#notifications button').nth(2).click();
      await page.locator('#detail-hops li').last().waitFor();
    });
    await take('sign-in', { ...wide, colorScheme: 'light' }, async (page) => {
      await page.goto(`${url}/console`);
    });
    await take('graph', { ...wide, colorScheme: 'light' }, (page) => explorer(page, url, HERALD_ADMIN_KEY));
    await take('graph-dark', { ...wide, colorScheme: 'dark' }, (page) =>
      explorer(page, url, HERALD_ADMIN_KEY),
    );
  }
} finally {
  herald.kill('SIGTERM');
  await ended;
  await rm(dataDir, { recursive: true, force: true });
}

async function addressOf(folder: string): Promise<string> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; ) {
    const owner = await dataFolderOwner(folder);
    if (owner?.url !== undefined) return owner.url;
    if (herald.exitCode !== null) break;
    await new Promise((settle) => setTimeout(settle, 100));
  }
  throw new Error('herald start did not get ready');
}

/** A day's traffic in small. */
async function fillIn(app: Graph): Promise<void> {
  const to = [{ user: 'demo' }];
  const words = [
    ['Your invoice is due on Friday', 'Invoice 2043 over € 120.00.', 'billing'],
    ['Ada has commented on your draft', '“I would start with the second paragraph.”', 'comments'],
    ['Sign-in from a new device', 'Chromium on Linux, just now. Was that you?', 'security'],
  ] as const;
  for (const [title, body, category] of words)
    await app.data(SEND_MANY, {
      inputs: [{ content: { title, body }, to, category, channels: ['IN_APP', 'EMAIL', 'TELEGRAM'] }],
    });
  await app.data(SEND_MANY, {
    inputs: [{ event: 'order.paid', data: { order: 'A-1042', total: '€ 89.00' }, to }],
  });
  await app.data(SEND_MANY, {
    inputs: [
      {
        content: { title: 'Weekly summary', body: '12 orders' },
        to,
        channels: ['IN_APP'],
        sendAt: new Date(Date.now() + 3_600_000),
      },
    ],
  });
  await new Promise((settle) => setTimeout(settle, 2_000));
}

async function inbox(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/inbox`);
  await page.locator('#connection[data-state=live]').waitFor();
  await page.getByRole('button', { name: 'Template' }).click();
  await page.locator('#send').click();
  await page.locator('#hops li[data-type=completed]').waitFor();
  await page.locator('#sandbox > li').nth(1).waitFor();
  await page.evaluate('scrollTo(0, 0)');
}

/** The bell of an application, with what the demo user has got. */
async function takeReact(name: string, url: string, appKey: string): Promise<void> {
  const { createUserToken } = await new Graph(url, appKey).data<{ createUserToken: { token: string } }>(
    'mutation { createUserToken(user: "demo") { token } }',
  );
  const app = new ReactApp();
  await app.start();
  const options = {
    viewport: { width: 640, height: 560 },
    deviceScaleFactor: 2,
    colorScheme: 'light',
  } as const;
  const { context, close } = await openChromium(options);
  try {
    const { page } = await app.open(context, { show: 'bell', url, token: createUserToken.token });
    await page.locator('.herald-badge').waitFor();
    await page.locator('.herald-bell-button').click();
    for (const index of [2, 3]) {
      await page.locator('.herald-message').nth(index).hover();
      await page.locator('.herald-message').nth(index).getByRole('button', { name: 'Mark as read' }).click();
    }
    await page.locator('.herald-message').first().hover();
    await page.locator('#outside').evaluate((element) => element.remove());
    await page.waitForTimeout(400);
    const path = join(IMAGES, `${name}.png`);
    await page.screenshot({ path });
    console.log(`wrote ${path}`);
  } finally {
    await close();
    await app.stop();
  }
}

async function operators(page: Page, url: string, key: string): Promise<void> {
  await page.goto(`${url}/console`);
  await page.getByLabel('Operator key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#connection[data-state=live]').waitFor();
  const { HERALD_DEMO_APP_KEY } = await readSecrets(dataDir);
  await fillIn(new Graph(url, HERALD_DEMO_APP_KEY));
  await page.locator('#reload').click();
  // The numbers follow by a few seconds.
  await page.waitForTimeout(6_000);
}

/** Three accounts: one that works, one that its provider refuses, one that is off. */
async function providers(page: Page, url: string, key: string): Promise<void> {
  const operator = new Graph(url, key);
  const save = (input: object) =>
    operator.data(
      'mutation Save($input: ProviderAccountInput!) { saveProviderAccount(input: $input) { id } }',
      { input },
    );
  const vendor = createServer((request, response) => {
    const isRefused = request.url?.includes('/bot999999:') === true;
    response
      .writeHead(isRefused ? 401 : 200, { 'content-type': 'application/json' })
      .end(
        JSON.stringify(
          isRefused
            ? { ok: false, error_code: 401, description: 'Unauthorized' }
            : { ok: true, result: { message_id: 1 } },
        ),
      );
  });
  await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve));
  try {
    const baseUrl = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`;
    const token = (bot: number) => `${bot}:AAHrandom-looking-token-of-a-bot`;
    const hours = { from: '08:00', to: '20:00', timezone: 'Europe/Berlin' };
    const telegram = { provider: 'telegram' };
    await save({ ...telegram, id: 'telegram-eu', order: 10, config: { botToken: token(123456), baseUrl } });
    await save({ ...telegram, id: 'telegram-old', order: 20, config: { botToken: token(999999), baseUrl } });
    await save({
      ...telegram,
      id: 'telegram-night',
      order: 20,
      weight: 300,
      allowedHours: hours,
      enabled: false,
      config: { botToken: token(123457), baseUrl },
    });
    await operators(page, url, key);
    await page.locator('#providers tr[data-account="telegram-old"] .state.bad').waitFor();
    await page.locator('.providers').evaluate((panel) => panel.scrollIntoView());
  } finally {
    vendor.closeAllConnections();
    vendor.close();
  }
}

/** The example of an order's life, published twice, and a draft that changes a word. */
async function packages(page: Page, url: string, key: string): Promise<void> {
  const operator = new Graph(url, key);
  const put = async (from: string, to: string, note?: string) => {
    const files = exampleFiles().map((file) => ({ ...file, content: file.content.replaceAll(from, to) }));
    await operator.data(
      'mutation Import($input: PackageImportInput!) { importPackage(input: $input) { problems { message } } }',
      { input: { id: EXAMPLE_PACKAGE, files } },
    );
    if (note === undefined) return;
    await operator.data(
      'mutation Publish($id: ID!, $note: String) { publishPackage(id: $id, note: $note) { id } }',
      { id: EXAMPLE_PACKAGE, note },
    );
  };
  await put('Thank you', 'Thanks', 'All of an order, in three languages');
  await put('Thank you', 'Many thanks', 'Warmer');
  await put('Thank you', 'Thank you');
  for (const name of ['Accounts', 'Billing', 'Newsletter', 'Support', 'Travel'])
    await operator.data('mutation Save($input: PackageInput!) { savePackage(input: $input) { id } }', {
      input: { id: name.toLowerCase(), name },
    });
  await operators(page, url, key);
  await page.locator(`#packages tr[data-package="${EXAMPLE_PACKAGE}"] button`).click();
  await page.locator('#package-versions > li').first().waitFor();
  await page.locator('#package-changes summary').last().click();
}

async function explorer(page: Page, url: string, key: string): Promise<void> {
  await page.goto(`${url}/graphql`);
  await page.getByLabel('Credential').fill(key);
  await page.getByRole('button', { name: 'Run' }).click();
  await page.locator('#result:not(:empty)').waitFor();
  await page.locator('#docs li').first().waitFor();
}

async function take(
  name: string,
  options: BrowserContextOptions,
  prepare: (page: Page) => Promise<void>,
  fullPage = false,
): Promise<void> {
  if (ONLY !== undefined && name !== ONLY) return;
  const { context, close } = await openChromium(options);
  try {
    const page = await context.newPage();
    await prepare(page);
    await page.waitForTimeout(400);
    const path = join(IMAGES, `${name}.png`);
    await page.screenshot({ path, fullPage });
    console.log(`wrote ${path}`);
  } finally {
    await close();
  }
}
