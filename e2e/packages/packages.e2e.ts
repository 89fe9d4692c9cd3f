/** A shop keeps the messages of its orders as one package: checked, published, rolled back, and in git. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { usePlatform } from '../support/platform.ts';

const platform = usePlatform();
const bin = fileURLToPath(new URL('../../cli/bin.mjs', import.meta.url));

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'herald-package-files-'));
  await platform.app.data('mutation ($users: [UserInput!]!) { upsertUsers(users: $users) { id } }', {
    users: [{ id: 'ann', name: 'Ann' }],
  });
});
afterAll(() => rm(dir, { recursive: true }));

/** The command, as an operator's shell or CI has it. */
async function herald(...args: readonly string[]) {
  const child = spawn(process.execPath, [bin, ...args, '--dir', dir], {
    env: {
      PATH: process.env.PATH,
      HERALD_URL: platform.url,
      HERALD_API_KEY: platform.operatorKey,
      HERALD_DATA_DIR: join(dir, '.none'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => {
    stdout += text.toString();
  });
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  const status = await new Promise<number | null>((ended) => child.once('close', ended));
  return { status, stdout, stderr };
}

const SAVE_TEMPLATE = 'mutation ($input: TemplateInput!) { saveTemplate(input: $input) { id } }';
const SAVE_ROUTE = 'mutation ($input: RouteInput!) { saveRoute(input: $input) { event } }';
const PUBLISH = 'mutation ($note: String) { publishPackage(id: "orders", note: $note) { publishedVersion } }';

const saveTemplate = (id: string, title: string, body: string) =>
  platform.operator.data(SAVE_TEMPLATE, {
    input: { id, name: id, package: 'orders', contents: [{ channel: 'IN_APP', title, body }] },
  });
const saveRoute = (event: string) =>
  platform.operator.data(SAVE_ROUTE, {
    input: { event, template: event, package: 'orders', channels: ['IN_APP'] },
  });

/** What Ann reads of an event that is sent now. */
async function read(event: string, order: string): Promise<string> {
  const { sendNotification } = await platform.app.data<{
    sendNotification: { notification: { id: string } };
  }>(
    'mutation ($input: SendNotificationInput!) { sendNotification(input: $input) { notification { id } } }',
    { input: { event, to: [{ user: 'ann' }], data: { order } } },
  );
  const ann = await platform.user('ann');
  const inbox = await eventually(
    () =>
      ann.data<{ inbox: { nodes: { notification: { id: string }; title: string; body: string }[] } }>(
        'query { inbox(first: 20) { nodes { notification { id } title body } } }',
      ),
    ({ inbox: { nodes } }) =>
      expect(nodes.map((n) => n.notification.id)).toContain(sendNotification.notification.id),
  );
  const message = inbox.inbox.nodes.find((n) => n.notification.id === sendNotification.notification.id);
  return `${message?.title}: ${message?.body}`;
}

test('the package is saved, its problems are shown, and it is published as one', async () => {
  await platform.operator.data('mutation ($input: PackageInput!) { savePackage(input: $input) { id } }', {
    input: { id: 'orders', name: 'Orders', settings: { shop: 'Acme' } },
  });
  await platform.operator.data('mutation ($input: PartialInput!) { savePartial(input: $input) { id } }', {
    input: { id: 'orders-foot', package: 'orders', source: 'Your {{package.shop}}' },
  });
  await saveTemplate('order.placed', 'Placed', 'We have {{order}}. {{> orders-foot}}');
  await saveTemplate('order.paid', 'Paid', 'You paid {{order}}.');
  await saveRoute('order.placed');
  await saveRoute('order.paid');
  await platform.operator.data('mutation { removeTemplate(id: "order.paid") }');
  const { packageProblems } = await platform.operator.data<{ packageProblems: { field: string }[] }>(
    'query { packageProblems(id: "orders") { severity field message } }',
  );
  expect(packageProblems).toMatchObject([{ severity: 'ERROR', field: 'routes.order.paid' }]);
  const refused = await platform.operator.ask(PUBLISH);
  expect(refused.errors?.[0]?.extensions).toMatchObject({
    code: 'BAD_USER_INPUT',
    field: 'routes.order.paid',
  });

  await saveTemplate('order.paid', 'Paid', 'You paid {{order}}.');
  expect(await platform.operator.data(PUBLISH, { note: 'first' })).toEqual({
    publishPackage: { publishedVersion: 1 },
  });
  expect(await read('order.placed', 'A-1')).toBe('Placed: We have A-1. Your Acme');
  expect(await read('order.paid', 'A-1')).toBe('Paid: You paid A-1.');
});

test('it is changed, compared, published, and rolled back', async () => {
  await saveTemplate('order.paid', 'Paid', 'Thank you for paying {{order}}.');
  const { packageDiff } = await platform.operator.data<{ packageDiff: { path: string; diff: string }[] }>(
    'query { packageDiff(id: "orders") { path change diff } }',
  );
  expect(packageDiff).toMatchObject([{ path: 'templates/order.paid.yaml', change: 'CHANGED' }]);
  expect(packageDiff[0]?.diff).toContain(
    '-    body: You paid {{order}}.\n+    body: Thank you for paying {{order}}.',
  );
  expect(await read('order.paid', 'A-2')).toBe('Paid: You paid A-2.');
  await platform.operator.data(PUBLISH);
  expect(await read('order.paid', 'A-3')).toBe('Paid: Thank you for paying A-3.');
  await platform.operator.data('mutation { rollbackPackage(id: "orders", version: 1) { publishedVersion } }');
  expect(await read('order.paid', 'A-4')).toBe('Paid: You paid A-4.');
  const history = await platform.operator.data<{ package: { versions: { nodes: object[] } } }>(
    'query { package(id: "orders") { versions { nodes { version note restores } } } }',
  );
  expect(history.package.versions.nodes).toEqual([
    { version: 3, note: null, restores: 1 },
    { version: 2, note: null, restores: null },
    { version: 1, note: 'first', restores: null },
  ]);
});

test('it goes into files, is reviewed and deployed from them, and comes back the same', async () => {
  expect(await herald('pull', 'orders')).toMatchObject({ status: 0, stdout: 'orders: 6 files, 6 changed\n' });
  expect((await readdir(join(dir, 'orders'))).toSorted()).toEqual([
    'package.yaml',
    'partials',
    'routes',
    'templates',
  ]);
  expect(await herald('diff')).toEqual({ status: 0, stdout: '', stderr: '' });

  const foot = join(dir, 'orders', 'partials', 'orders-foot.hbs');
  await writeFile(foot, 'All the best, {{package.shop}}');
  const differs = await herald('diff');
  expect(differs).toMatchObject({ status: 1, stderr: 'herald: 1 file differs.\n' });
  expect(differs.stdout).toContain(
    '--- a/orders/partials/orders-foot.hbs\n+++ b/orders/partials/orders-foot.hbs\n',
  );
  expect(differs.stdout).toContain('\n+All the best, {{package.shop}}');

  const pushed = await herald('push', '--publish', '--note', 'from git');
  expect(pushed).toEqual({ status: 0, stdout: 'orders: 1 file changed, version 4 published\n', stderr: '' });
  expect(await read('order.placed', 'A-5')).toBe('Placed: We have A-5. All the best, Acme');
  expect(await herald('diff')).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(await herald('pull')).toMatchObject({ status: 0, stdout: 'orders: 6 files, 0 changed\n' });
});

test('a mistake in a file is told with its place, and nothing of it arrives', async () => {
  const file = join(dir, 'orders', 'templates', 'order.paid.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('channel:', 'chanel:'));
  const pushed = await herald('push', '--publish');
  expect(pushed.status).toBe(1);
  expect(pushed.stderr).toMatch(/^herald: orders\/templates\/order\.paid\.yaml: contents\.0.*chanel/);
  expect(await read('order.paid', 'A-6')).toMatch('You paid A-6');
});
