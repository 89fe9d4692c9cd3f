import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
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

  test('is read as UTF-8, without a byte order mark, and nothing else', async () => {
    const folder = join(dir, 'orders');
    await writeFolder(folder, files.slice(0, 1));
    await mkdir(join(folder, 'partials'));
    await writeFile(join(folder, 'partials', 'foot.hbs'), '\ufeffGrüße');
    expect((await readFolder(folder))[1]).toEqual({ path: 'partials/foot.hbs', content: 'Grüße' });
    await writeFile(join(folder, 'partials', 'foot.hbs'), Buffer.from('Grüße', 'latin1'));
    await expect(readFolder(folder)).rejects.toThrow(/foot\.hbs: this is not UTF-8/);
  });

  test.each(['templates', 'templates/order.paid.yaml', 'partials'])(
    'has no link at %s: what is left out is removed at the next publish',
    async (path) => {
      const folder = join(dir, 'orders');
      await writeFolder(folder, files.slice(0, 1));
      await mkdir(join(folder, path, '..'), { recursive: true });
      await symlink(tmpdir(), join(folder, path));
      await expect(readFolder(folder)).rejects.toThrow(/orders\/\S+ is a link/);
      await expect(writeFolder(folder, files)).rejects.toThrow(/orders\/\S+ is a link/);
    },
  );

  test('may be a link itself', async () => {
    await writeFolder(join(dir, 'kept', 'orders'), files);
    await mkdir(join(dir, 'all'));
    await symlink(join(dir, 'kept', 'orders'), join(dir, 'all', 'orders'));
    expect(await packageFolders(join(dir, 'all'))).toEqual(['orders']);
    expect(await readFolder(join(dir, 'all', 'orders'))).toEqual(files);
  });

  test.each(['package.yml', 'templates/x.yml', 'routes/x.yml'])('tells of %s', async (path) => {
    const folder = join(dir, 'orders');
    await writeFolder(folder, files);
    await mkdir(join(folder, 'routes'));
    await writeFile(join(folder, path), 'id: x\n');
    await expect(readFolder(folder)).rejects.toThrow(/\.yml: its name must end with \.yaml/);
  });

  test('is made where there is room for it', async () => {
    expect(await writeFolder(join(dir, 'a', 'b', 'orders'), files)).toBe(5);
    await writeFile(join(dir, 'file'), '');
    await expect(writeFolder(join(dir, 'file', 'orders'), files)).rejects.toThrow(/ENOTDIR/);
    await expect(packageFolders(join(dir, 'file'))).rejects.toThrow(/is no folder/);
  });

  // There is no end to `mkdir` with `recursive` in it.
  test.runIf(existsSync('/proc/self'))('is not made in /proc', async () => {
    await expect(writeFolder('/proc/self/herald/orders', files)).rejects.toThrow(/ENOENT/);
  });

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
