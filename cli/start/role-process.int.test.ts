import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processEnvironment } from '../../platform/config/environment.ts';
import { ALIVE, READY, RoleProcess } from './role-process.ts';

/** Ready at once; after half a second its event loop is blocked for ever, in the first run only. */
const PROGRAM = `
  const { existsSync, writeFileSync } = require('node:fs');
  process.send('${READY}');
  setInterval(() => process.send('${ALIVE}'), 50);
  const mark = process.argv[1];
  if (!existsSync(mark)) {
    writeFileSync(mark, '');
    setTimeout(() => { for (;;); }, 500);
  }`;

let folder: string;
let role: RoleProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'herald-role-'));
});
afterEach(async () => {
  await role?.stop(0);
  await rm(folder, { recursive: true, force: true });
});

test('a child whose event loop is blocked is ended and started again', async () => {
  const events: string[] = [];
  const { NODE_OPTIONS: _, ...env } = processEnvironment();
  role = new RoleProcess({
    name: 'gateway',
    command: process.execPath,
    args: ['-e', PROGRAM, join(folder, 'mark')],
    env,
    logFile: join(folder, 'role.log'),
    onEvent: (text) => events.push(text),
    onProcess: () => undefined,
    aliveMs: 200,
  });
  await role.start(10_000);
  await expect
    .poll(() => events)
    .toEqual([
      'gateway does not answer and is ended',
      'gateway ended unexpectedly (SIGKILL); starting it again',
      'gateway runs again',
    ]);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(events).toHaveLength(3);
});
