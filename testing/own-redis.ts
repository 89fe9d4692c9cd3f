/** A Redis of a test's own, to stop, kill and start again: the same program as `npm start` would use. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { processEnvironment } from '../platform/config/environment.ts';
import { type Program, redisCandidates } from '../platform/data-services/candidates.ts';
import { freePort, LOOPBACK } from '../platform/data-services/free-port.ts';
import { PythonPackages } from '../platform/data-services/python-packages.ts';

const TOOLS_DIR = resolve(import.meta.dirname, '../node_modules/.cache/herald-tools');

export class OwnRedis {
  readonly url: string;
  readonly #program: Program;
  readonly #folder: string;
  readonly #port: number;
  #process: ChildProcess | undefined;

  private constructor(program: Program, folder: string, port: number) {
    this.#program = program;
    this.#folder = folder;
    this.#port = port;
    this.url = `redis://${LOOPBACK}:${port}`;
  }

  static async start(): Promise<OwnRedis> {
    const folder = await mkdtemp(join(tmpdir(), 'herald-redis-'));
    const own = new OwnRedis(await findRedis(), folder, await freePort());
    await own.start();
    return own;
  }

  /** With what its append-only file holds. Resolves when it answers. */
  async start(): Promise<void> {
    const args = await this.#program.args(this.#port, this.#folder);
    this.#process = spawn(this.#program.command, args, { cwd: this.#folder, stdio: 'ignore' });
    await this.command('ping');
  }

  /** Runs one command over a connection of its own. */
  async command(name: string, ...args: (string | number)[]): Promise<unknown> {
    const redis = new Redis(this.url, { retryStrategy: () => 50, maxRetriesPerRequest: 200 });
    // Tried again until it answers.
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
    const gone = new Promise((done) => running.once('exit', done));
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

async function findRedis(): Promise<Program> {
  const env = processEnvironment();
  const onProgress = (text: string) => console.log(`own Redis: ${text}`);
  const python = new PythonPackages(join(TOOLS_DIR, 'python'), env, onProgress);
  const reasons: unknown[] = [];
  for (const candidate of redisCandidates({
    env,
    toolsDir: TOOLS_DIR,
    python,
    allowDownload: false,
    onProgress,
  })) {
    try {
      return await candidate.find();
    } catch (error) {
      reasons.push(error);
    }
  }
  throw new AggregateError(reasons, 'There is no Redis for this test.');
}
