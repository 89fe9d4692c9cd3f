import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { EmbeddedServer } from './embedded-server.ts';

test('a server that lives but is beyond hope is ended and started again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'herald-server-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const said: string[] = [];
  // The first two looks fail or find nothing; the third finds that it is beyond hope, until it runs anew.
  let looks = 0;
  const server = await EmbeddedServer.start({
    name: 'Toy',
    command: process.execPath,
    args: ['-e', 'setInterval(() => {}, 1000)'],
    env: process.env,
    dataPath: join(folder, 'data'),
    logFile: join(folder, 'toy.log'),
    processFile: join(folder, 'toy.json'),
    ping: async () => undefined,
    hopeless: async () => {
      looks += 1;
      if (looks === 1) throw new Error('not to be found out');
      return looks === 3 ? 'it has given up' : undefined;
    },
    hopelessCheckMs: 20,
    startTimeoutMs: 30_000,
    stopTimeoutMs: 1_000,
    onEvent: (text) => said.push(text),
  });
  onTestFinished(() => server.stop());
  await expect
    .poll(() => said)
    .toEqual(['Toy: it has given up', expect.stringContaining('SIGKILL'), 'Toy runs again']);
  const then = looks;
  await expect.poll(() => looks).toBeGreaterThan(then + 1);
  expect(said).toHaveLength(3);
});
