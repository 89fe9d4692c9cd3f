/** A database server of the fault suite: a process with the product's arguments that can be killed, stopped and paused. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { processEnvironment } from '../../platform/config/environment.ts';
import type { Candidate, Program } from '../../platform/data-services/candidates.ts';
import { freePort, LOOPBACK } from '../../platform/data-services/free-port.ts';

export interface DataServiceOptions {
  /** Its folder: data, log. Made where it is missing. */
  readonly dir: string;
  readonly port?: number;
  /** Where the data goes instead of `<dir>/data`: a folder on a small disk, for example. */
  readonly dataPath?: string;
}

type Name = 'MongoDB' | 'Redis';

export interface DataService<N extends Name = Name> {
  readonly name: N;
  /** For people: `secantusd-rs on PATH`. */
  readonly engine: string;
  readonly host: string;
  readonly port: number;
  readonly dataPath: string;
  readonly logFile: string;
  /** The connection string, without a database name. */
  readonly uri: string;
  /** The connection string by way of another port: a proxy in front of it. */
  uriAt(port: number): string;
  /** Of the process that runs now; undefined while none does. */
  readonly pid: number | undefined;
  /** SIGKILL. Resolves when the process is gone. */
  kill9(): Promise<void>;
  /** SIGTERM, SIGKILL after 15 s. Resolves when the process is gone. */
  stop(): Promise<void>;
  /** Again, on the same port and data. Resolves at its first answer. @throws Error when none comes. */
  start(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
}

export type MongoService = DataService<'MongoDB'>;
export type RedisService = DataService<'Redis'>;

/** What an engine adds. */
export interface EngineSpec<N extends Name> {
  readonly name: N;
  readonly candidates: readonly Candidate[];
  /** Throws while there is no answer; bounded by itself. */
  readonly ping: (port: number) => Promise<unknown>;
  readonly uriAt: (port: number) => string;
  /** Where it is itself, when that is not `uriAt` its port. */
  readonly uri?: (port: number) => string;
}

const STOP_MS = 15_000;

/** A server of a run that has died must not go on. */
const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/**
 * Starts the first engine that is to be had, with the arguments that the product starts it with.
 * @throws Error that says why none is.
 */
export async function startDataService<N extends Name>(
  spec: EngineSpec<N>,
  options: DataServiceOptions,
): Promise<DataService<N>> {
  const [candidate, program] = await firstOf(spec);
  const dataPath = options.dataPath ?? join(options.dir, 'data');
  await mkdir(dataPath, { recursive: true });
  const port = options.port ?? (await freePort());
  const logFile = join(options.dir, `${spec.name.toLowerCase()}.log`);
  await mkdir(options.dir, { recursive: true });
  const args = await program.args(port, dataPath);
  let child: ChildProcess | undefined;

  const running = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals) => {
    if (!child || !running()) return;
    const ending = child;
    const gone = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
    ending.kill(signal);
    // A paused process takes no SIGTERM.
    if (signal !== 'SIGKILL') ending.kill('SIGCONT');
    const timer = setTimeout(() => ending.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(timer);
  };
  const start = async () => {
    if (running()) return;
    const log = openSync(logFile, 'a');
    try {
      child = spawn(program.command, args, {
        cwd: dataPath,
        env: { ...processEnvironment() },
        stdio: ['ignore', log, log],
      });
    } finally {
      closeSync(log);
    }
    const starting = child;
    alive.add(starting);
    starting.once('exit', () => alive.delete(starting));
    let failure: Error | undefined;
    starting.once('error', (error) => {
      failure = error;
    });
    const deadline = Date.now() + candidate.startTimeoutMs;
    for (;;) {
      try {
        await spec.ping(port);
        if (running()) return;
      } catch (error) {
        failure ??= Date.now() > deadline ? (error as Error) : undefined;
      }
      if (failure || !running()) {
        await end('SIGKILL');
        throw new Error(
          `${spec.name} (${candidate.label}) did not start: ${failure?.message ?? 'it ended'}; see ${logFile}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };

  await start();
  return {
    name: spec.name,
    engine: candidate.label,
    host: LOOPBACK,
    port,
    dataPath,
    logFile,
    uri: (spec.uri ?? spec.uriAt)(port),
    uriAt: spec.uriAt,
    get pid() {
      return running() ? child?.pid : undefined;
    },
    kill9: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    start,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  };
}

async function firstOf(spec: EngineSpec<Name>): Promise<readonly [Candidate, Program]> {
  const why: string[] = [];
  for (const candidate of spec.candidates)
    try {
      return [candidate, await candidate.find()];
    } catch (error) {
      why.push(error instanceof Error ? error.message : String(error));
    }
  throw new Error(`There is no ${spec.name}: ${why.join('; ')}`);
}
