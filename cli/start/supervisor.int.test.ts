/** The supervisor as a process, with stand-ins for the roles and a real MongoDB and Redis. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { processEnvironment } from '../../platform/config/environment.ts';
import { dataFolderOwner } from '../../platform/data-services/data-folder-lock.ts';
import { freePort } from '../../platform/data-services/free-port.ts';
import { processIdentity } from '../../platform/data-services/process-identity.ts';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const PROGRAM = `
  const { startSupervisor } = await import(${JSON.stringify(file('./supervisor.ts'))});
  const { explain } = await import(${JSON.stringify(file('../herald.ts'))});
  await startSupervisor({
    env: process.env, output: process.stdout, version: '0.1.0',
    childProgram: ${JSON.stringify(fileURLToPath(new URL('./testing/fake-role.ts', import.meta.url)))},
  }).catch((error) => { console.error(explain(error).text); process.exit(1); });`;

interface Started {
  readonly process: ChildProcess;
  /** All that it has written. */
  text(): string;
  readonly exited: Promise<number | NodeJS.Signals>;
}

let dataDir: string;
let port: number;
const started: Started[] = [];
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'herald-supervisor-'));
  port = await freePort();
});
afterEach(async () => {
  for (const { process: child, exited } of started.splice(0)) {
    child.kill('SIGTERM');
    await exited;
  }
  await rm(dataDir, { recursive: true, force: true });
});

/** MongoDB is the tests'; Redis is embedded, so that it is seen how it is stopped. */
function start(env: Record<string, string | undefined> = {}): Started {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    env: {
      ...processEnvironment(),
      HERALD_DATA_DIR: dataDir,
      PORT: String(port),
      MONGODB_URI: inject('mongodbUri'),
      SHUTDOWN_TIMEOUT_MS: '1000',
      NODE_OPTIONS: '',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const exited = new Promise<number | NodeJS.Signals>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'SIGKILL')),
  );
  const result = { process: child, text: () => text, exited };
  started.push(result);
  return result;
}

const has = (herald: Started, text: string | RegExp) =>
  vi.waitFor(() => expect(herald.text()).toMatch(text), { timeout: 60_000, interval: 50 });
const up = (herald: Started) => has(herald, /Ctrl-C stops it[\s\S]*sendNotification/);
const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
const log = async (role: string) =>
  (await readFile(join(dataDir, 'logs', `${role}.log`), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string; pid?: number; redis?: string; mongo?: string });
const pids = async (): Promise<number[]> =>
  (await dataFolderOwner(dataDir))?.children.map(({ pid }) => pid) ?? [];
const redisPid = async (): Promise<number> =>
  (JSON.parse(await readFile(join(dataDir, 'run', 'redis.json'), 'utf8')) as { pid: number }).pid;
const gone = async (...ids: number[]) =>
  vi.waitFor(
    async () => expect(await Promise.all(ids.map(processIdentity))).toEqual(ids.map(() => undefined)),
    { timeout: 30_000 },
  );

describe('herald start', () => {
  test('provides all, runs the roles with it, shows the screen, and stops them before the data services', async () => {
    const herald = start({ FAKE_SLOW_STOP_MS: '1000', SHUTDOWN_TIMEOUT_MS: '20000' });
    await up(herald);
    expect(herald.text()).toContain(`http://127.0.0.1:${port}/graphql`);
    expect(herald.text()).toContain(`http://127.0.0.1:${port}/inbox`);
    // The stand-in serves no console, so that none is offered.
    expect(herald.text()).not.toContain('/console');
    const [first] = await log('gateway');
    expect(first?.mongo).toBe(inject('mongodbUri'));
    const { HERALD_ADMIN_KEY } = JSON.parse(await readFile(join(dataDir, 'secrets.json'), 'utf8')) as Record<
      string,
      string
    >;
    expect(herald.text()).toContain(HERALD_ADMIN_KEY);
    const redis = new Redis(first?.redis ?? '');
    await redis.set('kept', 'yes');
    await redis.quit();
    const children = await pids();
    expect(children).toHaveLength(2);
    const server = await redisPid();

    herald.process.kill('SIGINT');
    expect(await herald.exited).toBe(0);
    for (const role of ['gateway', 'dispatcher'])
      expect((await log(role)).map(({ msg }) => msg)).toEqual(['started', 'ending', 'ended, Redis there']);
    await gone(...children, server);
    expect(herald.text()).toContain(`Herald has stopped. Its data is kept in ${dataDir}.`);

    const again = start();
    await up(again);
    expect(again.text()).not.toContain(HERALD_ADMIN_KEY);
    const second = new Redis((await log('gateway')).at(-1)?.redis ?? '');
    expect(await second.get('kept')).toBe('yes');
    await second.quit();
  });

  test('a second one is told where the first runs; a taken port stops the start before anything', async () => {
    const herald = start();
    await up(herald);
    const second = start();
    expect(await second.exited).toBe(1);
    expect(second.text()).toBe(
      `Herald runs already on the data folder ${dataDir}: process ${herald.process.pid}, at http://127.0.0.1:${port}. Stop it first, or set HERALD_DATA_DIR (and PORT) for a second one.\n`,
    );
    const elsewhere = join(dataDir, 'another');
    const third = start({ HERALD_DATA_DIR: elsewhere });
    expect(await third.exited).toBe(1);
    expect(third.text()).toContain(`PORT: port ${port} on 127.0.0.1 is taken by another program.`);
    await expect(stat(join(elsewhere, 'secrets.json'))).rejects.toThrow('ENOENT');
  });

  test('wrong settings are told, all at once', async () => {
    const herald = start({ PORT: 'x', SMTP_URL: 'y', HERALD_NONSENSE: '1' });
    expect(await herald.exited).toBe(1);
    for (const name of ['PORT', 'SMTP_URL', 'HERALD_NONSENSE'])
      expect(herald.text()).toContain(`  - ${name}: `);
  });

  test('a role that dies is started again; its warnings are shown', async () => {
    const herald = start();
    await up(herald);
    const gatewayPid = async () =>
      (await dataFolderOwner(dataDir))?.children.find(({ name }) => name === 'gateway')?.pid;
    const before = await gatewayPid();
    await get('/die').catch(() => undefined);
    await has(herald, 'gateway ended unexpectedly (exit code 9); starting it again');
    await has(herald, 'gateway runs again');
    await get('/warn');
    await has(herald, 'gateway: warning: something is odd: very odd');
    expect(await gatewayPid()).not.toBe(before);
    process.kill(await redisPid(), 'SIGKILL');
    await has(herald, /Redis \(\w+\) ended unexpectedly \(SIGKILL\); starting it again/);
    await has(herald, /Redis \(\w+\) runs again/);
  });

  test('a role that cannot start ends the start, with its reason', async () => {
    const herald = start({ FAKE_FAILS: 'gateway' });
    expect(await herald.exited).toBe(1);
    expect(herald.text()).toContain('gateway: error: cannot start: the supergraph does not compose');
    expect(herald.text()).toContain('The gateway ended while starting (exit code 3).');
    expect(await dataFolderOwner(dataDir)).toBeUndefined();
  });

  test('a role that does not end is killed after the time-out', async () => {
    const herald = start({ FAKE_DEAF: 'dispatcher' });
    await up(herald);
    const children = await pids();
    herald.process.kill('SIGTERM');
    expect(await herald.exited).toBe(0);
    expect(herald.text()).toContain('dispatcher did not end within 4 s and was killed');
    await gone(...children);
  });

  test('a second Ctrl-C ends at once, and leaves nothing behind', async () => {
    const herald = start({ FAKE_DEAF: 'dispatcher', SHUTDOWN_TIMEOUT_MS: '25000' });
    await up(herald);
    const all = [...(await pids()), await redisPid()];
    herald.process.kill('SIGINT');
    // A signal more in the same moment, as process managers and npm pass it on, is no second Ctrl-C.
    herald.process.kill('SIGTERM');
    await has(herald, 'Ctrl-C again ends at once');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(herald.process.exitCode).toBeNull();
    const at = Date.now();
    herald.process.kill('SIGINT');
    expect(await herald.exited).toBe(130);
    expect(Date.now() - at).toBeLessThan(15_000);
    await gone(...all);
  });

  test('after kill -9 the roles end by themselves, and the next start takes over what is left', async () => {
    const herald = start();
    await up(herald);
    const children = await pids();
    const server = await redisPid();
    herald.process.kill('SIGKILL');
    await herald.exited;
    await gone(...children);
    expect(await processIdentity(server)).toBeDefined();
    const next = start();
    await up(next);
    expect(next.text()).toContain('stopped the Redis that an earlier start had left running');
    expect(await processIdentity(server)).toBeUndefined();
  });

  test('a role that outlived its supervisor is ended by the next start', async () => {
    const herald = start({ FAKE_DEAF: 'gateway' });
    await up(herald);
    const children = await pids();
    herald.process.kill('SIGKILL');
    await herald.exited;
    // It holds the port.
    expect((await get('/readyz')).ok).toBe(true);
    const next = start();
    await up(next);
    expect(next.text()).toContain('stopping the gateway that an earlier start had left running');
    await gone(...children);
  });

  test('Ctrl-C while it starts ends it cleanly', async () => {
    // A MongoDB that never answers holds the start.
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const herald = start({
      MONGODB_URI: `mongodb://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    });
    await has(herald, 'trying MONGODB_URI');
    herald.process.kill('SIGINT');
    expect(await herald.exited).toBe(0);
    expect(herald.text()).toContain('Herald has stopped.');
    expect(await dataFolderOwner(dataDir)).toBeUndefined();
    silent.close();
  });
});
