import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageFolders, readFolder, writeFolder } from './package-folder.ts';
import { patchOf } from './packages.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'herald-packages-'));
});
afterEach(() => rm(dir, { recursive: true }));

const files = [
  { path: 'package.yaml', content: 'id: orders\n' },
  { path: 'partials/foot.hbs', content: 'Thanks\r\n' },
  { path: 'templates/order.paid.yaml', content: 'id: order.paid\n' },
  { path: 'templates/order.paid/EMAIL.mjml', content: '<mjml>ü</mjml>' },
  { path: 'templates/order.paid/IN_APP.zh-Hant.md', content: '# Hi' },
];

describe('the folder of a package', () => {
  test('is read as it was written; nothing is written twice', async () => {
    const folder = join(dir, 'orders');
    expect(await writeFolder(folder, files)).toBe(5);
    expect(await readFolder(folder)).toEqual(files);
    expect(await writeFolder(folder, files)).toBe(0);
    expect(await packageFolders(dir)).toEqual(['orders']);
  });

  test('loses what the package no longer has, and keeps what is not the package', async () => {
    const folder = join(dir, 'orders');
    await writeFolder(folder, files);
    await writeFile(join(folder, 'README.md'), 'mine');
    await mkdir(join(folder, 'templates', 'notes'));
    await writeFile(join(folder, 'templates', 'notes', 'todo.md'), 'mine');
    expect(await writeFolder(folder, files.slice(0, 2))).toBe(3);
    expect(await readFolder(folder)).toEqual(files.slice(0, 2));
    expect(await readFile(join(folder, 'README.md'), 'utf8')).toBe('mine');
    expect(await readFile(join(folder, 'templates', 'notes', 'todo.md'), 'utf8')).toBe('mine');
  });

  test.each(['../outside.yaml', 'templates/../../x.yaml', '/etc/passwd', 'templates/a/b/c.txt', 'x.sh'])(
    'has no file %s',
    async (path) => {
      await expect(writeFolder(join(dir, 'orders'), [{ path, content: 'x' }])).rejects.toThrow(
        /no package has/,
      );
    },
  );

  test('there must be one', async () => {
    await expect(readFolder(join(dir, 'none'))).rejects.toThrow(/no package\.yaml/);
    await expect(packageFolders(join(dir, 'none'))).rejects.toThrow(/There is no folder/);
    await mkdir(join(dir, 'other'));
    expect(await packageFolders(dir)).toEqual([]);
  });
});

test('a difference names the file with its folder, and can do nothing to the terminal', () => {
  const diff = '--- a/package.yaml\n+++ b/package.yaml\n@@ -1 +1 @@\n-a\n+\u001b[2Jb\n';
  const patch = patchOf('orders', { path: 'package.yaml', change: 'CHANGED', diff });
  expect(patch).toContain('--- a/orders/package.yaml\n+++ b/orders/package.yaml\n@@ -1 +1 @@\n-a\n+');
  expect(patch).not.toContain('\u001b');
});
