import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { findExecutable, runCommand } from './command.ts';
import { processIdentity } from './process-identity.ts';

const node = (script: string, options: Partial<Parameters<typeof runCommand>[2]> = {}) =>
  runCommand(process.execPath, ['-e', script], { env: {}, timeoutMs: 40_000, ...options });

test('output comes a line at a time, progress bars too', async () => {
  const lines: string[] = [];
  const result = await node(
    `process.stdout.write('one\\r50%\\r100%\\ntw'); console.error('err'); setTimeout(() => process.stdout.write('o'), 50)`,
    {
      onLine: (line) => lines.push(line),
    },
  );
  expect(result.ok).toBe(true);
  expect(lines).toEqual(expect.arrayContaining(['one', '50%', '100%']));
  expect(lines.join('').replace('err', '')).toBe('one50%100%two');
});

test.each([
  [
    'the last line says why',
    `console.error('first'); console.error('it is broken'); process.exit(3)`,
    'it is broken',
  ],
  ['a silent failure is told by its code', `process.exit(3)`, 'it ended with exit code 3'],
])('failure: %s', async (_, script, message) => {
  expect(await node(script)).toMatchObject({ ok: false, message });
});

test('a program that is not there is a result, not an exception', async () => {
  const result = await runCommand('/nonexistent/program', [], { env: {}, timeoutMs: 1_000 });
  expect(result).toMatchObject({ ok: false, message: expect.stringContaining('ENOENT') });
});

test('the whole run is bounded', async () => {
  const result = await node('setInterval(() => console.log(1), 20)', { timeoutMs: 400 });
  expect(result).toMatchObject({ ok: false, message: 'not done after 0.4 s' });
});

test('silence is bounded, by what was said last', async () => {
  const result = await node(
    `console.log('a'); setTimeout(() => console.log('b'), 300); setInterval(() => {}, 1000)`,
    {
      quietMs: (line) => (line === 'b' ? 200 : 30_000),
    },
  );
  expect(result).toMatchObject({ ok: false, message: 'no answer within 0.2 s', output: 'a\nb' });
});

test('what it started ends with it', async () => {
  const result = await runCommand('sh', ['-c', 'sleep 60 & echo $!; wait'], {
    env: { PATH: process.env.PATH },
    timeoutMs: 40_000,
    // Not before it has said what it started.
    quietMs: (line) => (line === undefined ? 30_000 : 200),
  });
  expect(result).toMatchObject({ ok: false, output: expect.stringMatching(/^\d+$/) });
  await expect.poll(() => processIdentity(Number(result.output))).toBeUndefined();
});

test('findExecutable finds what a shell would', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'herald-path-'));
  await writeFile(join(folder, 'plain'), '');
  await writeFile(join(folder, 'program'), '');
  await chmod(join(folder, 'program'), 0o755);
  const path = ['/nonexistent', folder].join(delimiter);
  expect(await findExecutable('program', path)).toBe(join(folder, 'program'));
  expect(await findExecutable('plain', path)).toBeUndefined();
  expect(await findExecutable('program', undefined)).toBeUndefined();
  await rm(folder, { recursive: true });
});
