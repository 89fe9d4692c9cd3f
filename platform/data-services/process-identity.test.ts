import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { endProcess, isRunning, processIdentity } from './process-identity.ts';

const sleeper = (script = 'setInterval(() => {}, 1000)') => {
  const child = spawn(process.execPath, ['-e', `${script}; console.log('ready')`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('not spawned');
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('exit', (_, signal) => resolve(signal)),
  );
  const ready = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  return { pid, ended, ready };
};

test('a process has one identity for its whole life, and none afterwards', async () => {
  const { pid, ended } = sleeper();
  const identity = await processIdentity(pid);
  expect(identity).toBeDefined();
  expect(await processIdentity(pid)).toBe(identity);
  expect(identity).not.toBe(await processIdentity(process.pid));
  process.kill(pid, 'SIGKILL');
  await ended;
  expect(await processIdentity(pid)).toBeUndefined();
});

test('endProcess leaves a stranger with the same id alone', async () => {
  const { pid, ended } = sleeper();
  await endProcess({ pid, identity: 'another process that had this id' }, 1_000);
  const identity = (await processIdentity(pid)) ?? '';
  expect(await isRunning({ pid, identity })).toBe(true);
  await endProcess({ pid, identity }, 30_000);
  expect(await ended).toBe('SIGTERM');
});

test('endProcess kills what does not listen', async () => {
  const { pid, ended, ready } = sleeper(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`);
  await ready;
  await endProcess({ pid, identity: (await processIdentity(pid)) ?? '' }, 200);
  expect(await ended).toBe('SIGKILL');
});
