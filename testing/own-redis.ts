/** A Redis of a test's own, to stop, kill and start again. Needs redis-server (or valkey-server) on PATH. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../platform/data-services/free-port.ts';

export class OwnRedis {
  readonly url: string;
  readonly #folder: string;
  readonly #port: number;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }

  static async start(): Promise<OwnRedis> {
    const own = new OwnRedis(await mkdtemp(join(tmpdir(), 'herald-redis-')), await freePort());
    await own.start();
    return own;
  }

  /** With what its append-only file holds. Resolves when it answers. */
  async start(): Promise<void> {
    this.#process = spawn(
      process.env.TEST_REDIS_SERVER ?? 'redis-server',
      ['--port', String(this.#port), '--bind', '127.0.0.1', '--dir', this.#folder]
        .concat(['--save', '', '--appendonly', 'yes', '--maxmemory-policy', 'noeviction'])
        .concat(['--loglevel', 'warning']),
      { stdio: 'ignore' },
    );
    await this.command('ping');
  }

  /** Runs one command over a connection of its own. */
  async command(name: string, ...args: (string | number)[]): Promise<unknown> {
    const redis = new Redis(this.url, { retryStrategy: () => 50, maxRetriesPerRequest: 200 });
    redis.on('error', () => undefined);
    try {
      return await redis.call(name, ...args);
    } finally {
      redis.disconnect();
    }
  }

  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    const running = this.#process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await gone;
  }

  /** It keeps its connections and answers nothing. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }
  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Ends it and removes its data. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
