/** `herald start` on running data services: how long until it is ready, and what its processes hold at rest. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataFolderOwner } from '../../platform/data-services/data-folder-lock.ts';
import { proportionalBytes } from './memory.ts';

export interface Rest {
  readonly readyAfterMs: number;
  /** By process; shared pages are counted once. */
  readonly bytes: Readonly<Record<string, number>>;
}

const PROGRAM = join(import.meta.dirname, '../../cli/bin.mjs');

/**
 * The second start is measured: the first one fills Node's compile cache.
 * @param restMs from ready until the memory is looked at.
 */
export async function atRest(mongodbUri: string, redisUrl: string, restMs: number): Promise<Rest> {
  const dataDir = await mkdtemp(join(tmpdir(), 'herald-bench-rest-'));
  try {
    await startOnce(dataDir, mongodbUri, redisUrl, 0);
    return await startOnce(dataDir, mongodbUri, redisUrl, restMs);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function startOnce(
  dataDir: string,
  mongodbUri: string,
  redisUrl: string,
  restMs: number,
): Promise<Rest> {
  const begin = performance.now();
  const child = spawn(process.execPath, [PROGRAM, 'start'], {
    env: {
      ...process.env,
      PORT: '0',
      HERALD_DATA_DIR: dataDir,
      MONGODB_URI: mongodbUri,
      REDIS_URL: redisUrl,
      LOG_LEVEL: 'warn',
    },
    stdio: 'ignore',
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  try {
    const url = await until(async () => (await dataFolderOwner(dataDir))?.url);
    await until(async () => ((await isReady(url)) ? true : undefined));
    const readyAfterMs = performance.now() - begin;
    await sleep(restMs);
    const owner = await dataFolderOwner(dataDir);
    const processes = [
      ['supervisor', child.pid ?? 0] as const,
      ...(owner?.children ?? []).map(({ name, pid }) => [name, pid] as const),
    ];
    const bytes: Record<string, number> = {};
    for (const [name, pid] of processes) bytes[name] = await proportionalBytes(pid);
    return { readyAfterMs, bytes };
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    // Nothing listens there yet.
    return false;
  }
}

async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(20);
  }
  throw new Error('herald start was not ready within a minute');
}
