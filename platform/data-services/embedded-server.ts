/**
 * A database server that Herald runs as a child: started on loopback, watched, started again when it dies, and
 * stopped when its clients have gone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Environment } from '../config/environment.ts';
import { killGroup } from './command.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import { endProcess, processIdentity, signalProcess } from './process-identity.ts';

export interface EmbeddedServerSpec {
  /** For people: `MongoDB (secantusd-rs)`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Environment;
  /** Where it keeps its data; its working directory too. */
  readonly dataPath: string;
  readonly logFile: string;
  /** Remembers the process across starts. */
  readonly processFile: string;
  /** One try to have an answer: throws while there is none. Bounded by itself. */
  readonly ping: () => Promise<void>;
  /**
   * Asked every few seconds while it runs: a sentence when it lives but will not serve again until it is started
   * anew. Bounded by itself; a failure to find out is none.
   */
  readonly hopeless?: () => Promise<string | undefined>;
  /** Default: 5 s. */
  readonly hopelessCheckMs?: number;
  /** How long it may take until the first answer. */
  readonly startTimeoutMs: number;
  /** How long it may take to end after SIGTERM. */
  readonly stopTimeoutMs: number;
  /** Told when it has died and is started again, and when that worked. */
  readonly onEvent: (text: string) => void;
}

const processFileSchema = z.object({ pid: z.number().int(), identity: z.string() });

const RESTART_DELAYS_MS = [100, 500, 1_000, 2_000, 5_000];
const HOPELESS_CHECK_MS = 5_000;
/** A server that lived this long starts the delays anew. */
const STEADY_MS = 30_000;

/**
 * Ends a server that an earlier start left running (its supervisor was killed), so that two never share files.
 * @returns whether there was one.
 */
export async function endLeftBehind(processFile: string, graceMs: number): Promise<boolean> {
  const recorded = await readJsonFile(processFile, processFileSchema);
  if (!recorded) return false;
  const ran = (await processIdentity(recorded.pid)) === recorded.identity;
  await endProcess(recorded, graceMs);
  await rm(processFile, { force: true });
  return ran;
}

export class EmbeddedServer {
  readonly #spec: EmbeddedServerSpec;
  #child: ChildProcess | undefined;
  #stopping = false;
  #restartTimer: NodeJS.Timeout | undefined;
  #checkTimer: NodeJS.Timeout | undefined;
  #attempt = 0;
  readonly #onProcessExit = () => {
    // Nothing can be awaited here: the server ends by itself on SIGTERM.
    if (this.#child?.pid !== undefined && this.#child.exitCode === null)
      signalProcess(this.#child.pid, 'SIGTERM');
  };

  private constructor(spec: EmbeddedServerSpec) {
    this.#spec = spec;
  }

  /**
   * Starts it and waits for its first answer.
   * @throws Error with the last lines of its log when it ends early or stays silent.
   */
  static async start(spec: EmbeddedServerSpec): Promise<EmbeddedServer> {
    const server = new EmbeddedServer(spec);
    process.on('exit', server.#onProcessExit);
    try {
      await server.#launch();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** SIGTERM, and SIGKILL after the spec's time. Resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    clearTimeout(this.#checkTimer);
    const child = this.#child;
    if (child && !hasEnded(child)) {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      const timer = setTimeout(
        () => child.pid !== undefined && killGroup(child.pid, 'SIGKILL'),
        this.#spec.stopTimeoutMs,
      );
      await gone;
      clearTimeout(timer);
    }
    process.off('exit', this.#onProcessExit);
    await rm(this.#spec.processFile, { force: true });
  }

  async #launch(): Promise<void> {
    const spec = this.#spec;
    mkdirSync(spec.dataPath, { recursive: true, mode: 0o700 });
    mkdirSync(dirname(spec.logFile), { recursive: true });
    const log = openSync(spec.logFile, 'a', 0o600);
    const logStart = statSync(spec.logFile).size;
    const startedAt = Date.now();
    let child: ChildProcess;
    try {
      // A group of its own: Ctrl-C in the terminal must not reach it before its clients.
      child = spawn(spec.command, spec.args, {
        cwd: spec.dataPath,
        env: { ...spec.env },
        stdio: ['ignore', log, log],
        detached: true,
      });
    } finally {
      closeSync(log);
    }
    this.#child = child;
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    await new Promise((resolve) => setImmediate(resolve));
    if (child.pid !== undefined) {
      const identity = await processIdentity(child.pid);
      if (identity !== undefined) await writeJsonFile(spec.processFile, { pid: child.pid, identity });
    }
    const deadline = startedAt + spec.startTimeoutMs;
    let lastError: unknown;
    while (!failure && !hasEnded(child) && Date.now() < deadline && !this.#stopping) {
      try {
        await spec.ping();
        // An answer of somebody else on the port is none of ours.
        if (hasEnded(child)) break;
        this.#watch(child, Date.now());
        return;
      } catch (error) {
        lastError = error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    if (!hasEnded(child) && child.pid !== undefined) {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      killGroup(child.pid, 'SIGKILL');
      await gone;
    }
    const why =
      failure?.message ??
      (child.exitCode !== null || child.signalCode === 'SIGILL'
        ? `it ended with ${child.signalCode ?? `exit code ${child.exitCode}`}`
        : `no answer within ${spec.startTimeoutMs / 1000} s`);
    const said = await lastLines(spec.logFile, logStart);
    throw new Error(`${spec.name} did not start: ${why}${said ? `; its last words: ${said}` : ''}`, {
      cause: lastError,
    });
  }

  #watch(child: ChildProcess, readyAt: number): void {
    this.#checkLater(child);
    child.once('exit', (code, signal) => {
      clearTimeout(this.#checkTimer);
      if (this.#stopping) return;
      if (Date.now() - readyAt > STEADY_MS) this.#attempt = 0;
      this.#spec.onEvent(
        `${this.#spec.name} ended unexpectedly (${signal ?? `exit code ${code}`}); starting it again`,
      );
      this.#restartLater();
    });
  }

  #checkLater(child: ChildProcess): void {
    const { hopeless, hopelessCheckMs = HOPELESS_CHECK_MS, name, onEvent } = this.#spec;
    if (!hopeless) return;
    this.#checkTimer = setTimeout(async () => {
      // What cannot be found out is no reason to kill it: the next look tells.
      const why = await hopeless().catch(() => undefined);
      if (this.#stopping || hasEnded(child)) return;
      if (why === undefined) return this.#checkLater(child);
      onEvent(`${name}: ${why}`);
      child.kill('SIGKILL');
    }, hopelessCheckMs);
  }

  #restartLater(): void {
    const delay = RESTART_DELAYS_MS[Math.min(this.#attempt, RESTART_DELAYS_MS.length - 1)];
    this.#attempt += 1;
    this.#restartTimer = setTimeout(() => {
      this.#launch().then(
        () => this.#spec.onEvent(`${this.#spec.name} runs again`),
        (error: Error) => {
          if (this.#stopping) return;
          this.#spec.onEvent(error.message);
          this.#restartLater();
        },
      );
    }, delay);
  }
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null || child.pid === undefined;

/** The end of what was written to the log after `from`, on one line. */
async function lastLines(path: string, from: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const start = Math.max(from, size - 600);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - start), position: start });
    return buffer.toString('utf8', 0, bytesRead).trim().split('\n').slice(-3).join(' | ');
  } finally {
    await file.close();
  }
}
