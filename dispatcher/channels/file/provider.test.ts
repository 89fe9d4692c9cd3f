import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { testDeps } from '../testing/test-deps.ts';
import { createLineWriter } from './line-writer.ts';
import { file, lineOf } from './provider.ts';

let directory = '';
const closers: (() => Promise<void> | undefined)[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'herald-file-'));
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await rm(directory, { recursive: true });
});

const message: OutgoingMessage = {
  workspace: 'default',
  channel: 'SMS',
  address: '+491701234567',
  pushKeys: { p256dh: 'p', auth: 's3cr3t' },
  notification: 'n1',
  delivery: 'd1',
  priority: 'HIGH',
  locale: 'en',
  body: 'Line 1\nLine 2 \u2028 😀',
  data: { order: 7 },
};

function start(path: string) {
  const provider = file.create(file.config.parse({ channels: ['SMS'], path }), testDeps());
  closers.push(() => provider.close?.());
  const send = (body = 'Hello', signal = AbortSignal.timeout(20_000)) =>
    provider.send({ ...message, body }, { idempotencyKey: 'k', signal });
  return { provider, send };
}

const linesOf = async (path: string): Promise<string[]> =>
  (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');

it('writes a message as one line, without the keys of a browser', () => {
  const line = lineOf(message, 'k', new Date('2030-01-01T00:00:00Z'));
  expect(line).not.toContain('\n');
  const { pushKeys: _pushKeys, ...told } = message;
  expect(JSON.parse(line)).toEqual({ at: '2030-01-01T00:00:00.000Z', idempotencyKey: 'k', ...told });
});

it('makes the file and its directory, for the owner alone, and appends', async () => {
  const path = join(directory, 'a', 'b', 'messages.jsonl');
  const first = start(path);
  expect(await first.send('one')).toEqual({ kind: 'accepted' });
  await first.provider.close?.();
  expect(await start(path).send('two')).toEqual({ kind: 'accepted' });
  expect((await linesOf(path)).map((line) => JSON.parse(line).body)).toEqual(['one', 'two']);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it('goes on in a new file when the old one was moved away', async () => {
  const path = join(directory, 'messages.jsonl');
  const { send } = start(path);
  await send('one');
  await rename(path, `${path}.1`);
  expect(await send('two')).toEqual({ kind: 'accepted' });
  expect((await linesOf(path)).map((line) => JSON.parse(line).body)).toEqual(['two']);
});

it('keeps the lines of several writers whole', async () => {
  const path = join(directory, 'messages.jsonl');
  const writers = [start(path), start(path), start(path)];
  const bodies = Array.from({ length: 150 }, (_, i) => `${i} ${'x'.repeat(i * 50)}`);
  await Promise.all(bodies.map((body, i) => writers[i % 3]?.send(body)));
  expect((await linesOf(path)).map((line) => JSON.parse(line).body).sort()).toEqual([...bodies].sort());
});

it('says that a path which is a directory is wrong for good', async () => {
  const path = join(directory, 'messages.jsonl');
  await mkdir(path);
  const { send, provider } = start(path);
  expect(await send()).toMatchObject({ kind: 'permanent', code: 'CHANNEL_MISCONFIGURED' });
  expect(await provider.health?.(AbortSignal.timeout(20_000))).toEqual({
    ok: false,
    message: 'The file cannot be written (EISDIR).',
  });
});

it.runIf(existsSync('/dev/full'))('tries again when the disk is full', async () => {
  const path = join(directory, 'messages.jsonl');
  await symlink('/dev/full', path);
  expect(await start(path).send()).toMatchObject({
    kind: 'retryable',
    code: 'CHANNEL_PROVIDER_UNAVAILABLE',
    message: 'The file cannot be written (ENOSPC).',
    mayHaveSent: true,
  });
});

it.runIf(existsSync('/dev/full'))('begins a new line after one that broke off', async () => {
  const path = join(directory, 'messages.jsonl');
  await symlink('/dev/full', path);
  const { send } = start(path);
  await send('lost');
  await rm(path);
  expect(await send('kept')).toEqual({ kind: 'accepted' });
  expect(await readFile(path, 'utf8')).toMatch(/^\n\{.*\}\n$/);
});

it('writes nothing of a line whose attempt ends while it waits', async () => {
  const path = join(directory, 'messages.jsonl');
  const writer = createLineWriter(path);
  closers.push(() => writer.close());
  const stop = new AbortController();
  const first = writer.write('first', AbortSignal.timeout(20_000));
  const second = writer.write('second', stop.signal);
  stop.abort();
  expect(await second).toEqual({ kind: 'stopped', begun: false });
  expect(await first).toEqual({ kind: 'written' });
  expect(await linesOf(path)).toEqual(['first']);
});
