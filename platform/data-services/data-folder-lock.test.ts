import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataFolderInUseError, DataFolderLock, dataFolderOwner } from './data-folder-lock.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'herald-lock-'));
});
afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

/** A process that takes the lock, and is killed without letting go of it. */
async function killedOwner(): Promise<void> {
  const module = fileURLToPath(new URL('./data-folder-lock.ts', import.meta.url));
  const script = `
    const { DataFolderLock } = await import(${JSON.stringify(module)});
    const lock = await DataFolderLock.acquire(${JSON.stringify(dataDir)});
    await lock.update({ url: 'http://127.0.0.1:4000', children: [{ name: 'gateway', pid: 1, identity: 'x' }] });
    console.log('locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  await expect(DataFolderLock.acquire(dataDir)).rejects.toThrow(
    `process ${child.pid}, at http://127.0.0.1:4000`,
  );
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

test('a second one is told who has it, and gets it after the release', async () => {
  const first = await DataFolderLock.acquire(dataDir);
  await first.update({ url: 'http://127.0.0.1:4711' });
  await expect(DataFolderLock.acquire(dataDir)).rejects.toThrow(DataFolderInUseError);
  await expect(DataFolderLock.acquire(dataDir)).rejects.toThrow(/process \d+, at http:\/\/127\.0\.0\.1:4711/);
  expect((await dataFolderOwner(dataDir))?.pid).toBe(process.pid);
  await first.release();
  expect(await dataFolderOwner(dataDir)).toBeUndefined();
  const second = await DataFolderLock.acquire(dataDir);
  expect(second.leftBehind).toEqual([]);
  // What the first does now is none of the second's.
  await first.update({ url: 'http://127.0.0.1:1' });
  await first.release();
  expect((await dataFolderOwner(dataDir))?.url).toBeUndefined();
  expect(await dataFolderOwner(dataDir)).toBeDefined();
  await second.release();
  expect(await readdir(dataDir)).toEqual([]);
});

test('a killed owner gives way, to one of many, who learns what it left behind', async () => {
  await killedOwner();
  const tries = await Promise.allSettled(Array.from({ length: 20 }, () => DataFolderLock.acquire(dataDir)));
  const winners = tries.flatMap((t) => (t.status === 'fulfilled' ? [t.value] : []));
  expect(winners).toHaveLength(1);
  expect(winners[0]?.leftBehind).toEqual([{ name: 'gateway', pid: 1, identity: 'x' }]);
  for (const t of tries) if (t.status === 'rejected') expect(t.reason).toBeInstanceOf(DataFolderInUseError);
});

test('a lock file that is none is an error that names it', async () => {
  await writeFile(join(dataDir, 'herald.json'), 'nonsense');
  await expect(DataFolderLock.acquire(dataDir)).rejects.toThrow(
    `${join(dataDir, 'herald.json')} cannot be understood`,
  );
});
