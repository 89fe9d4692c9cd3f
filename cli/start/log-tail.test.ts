import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LogTail, shownLogLine, shownLogLines } from './log-tail.ts';

test.each([
  ['{"level":"info","msg":"fine"}', undefined],
  ['{"level":"warn","msg":"odd"}', 'warning: odd'],
  ['{"level":"error","msg":"bad","err":{"message":"because\\nof this"}}', 'error: bad: because'],
  ['{"level":"fatal","err":{"message":"dead"}}', 'error: unknown: dead'],
  ['{"level":"error","msg":"same","err":{"message":"same"}}', 'error: same'],
  ['TypeError: x is not a function', 'TypeError: x is not a function'],
  ['7', '7'],
  ['', undefined],
])('shownLogLine(%s)', (line, shown) => {
  expect(shownLogLine(line)).toBe(shown);
});

test('a flood is cut, and counted', () => {
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`);
  expect(shownLogLines(lines, 'logs/gateway.log')).toEqual([
    ...lines.slice(0, 5),
    '… and 95 more lines in logs/gateway.log',
  ]);
});

test('follows what is appended, from where it began, whole lines only', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'herald-log-'));
  const path = join(folder, 'a.log');
  await writeFile(path, 'before\n');
  const seen: string[] = [];
  const tail = new LogTail(path, 'a.log', (text) => seen.push(text));
  await tail.start();
  await appendFile(path, 'one\ntw');
  await expect.poll(() => seen).toEqual(['one']);
  await appendFile(path, 'o\nthree\n');
  await tail.stop();
  expect(seen).toEqual(['one', 'two', 'three']);
  await rm(folder, { recursive: true });
});
