/** A role as a child process: started, watched, started again when it dies, stopped in order. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Environment } from '../../platform/config/environment.ts';
import { processIdentity, type RecordedProcess } from '../../platform/data-services/process-identity.ts';

/** The message by which a child says that it takes work. */
export const READY = 'ready';

/** The message by which a child says, every so often, that it still does something. */
export const ALIVE = 'alive';
/** How often. */
export const ALIVE_MS = 2_000;
/** A child from which so many were due and none came does nothing any more: it is ended and started again. */
const MISSED = 15;

export interface RoleProcessOptions {
  /** For people: `gateway`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Environment;
  readonly logFile: string;
  /** Told when it dies, is started again, and takes work again. */
  readonly onEvent: (text: string) => void;
  /** Told whenever the process behind it is another one. */
  readonly onProcess: (running: RecordedProcess | undefined) => void;
  /** Between two signs of life; `ALIVE_MS` without. */
  readonly aliveMs?: number;
}

const RESTART_DELAYS_MS = [200, 1_000, 2_000, 5_000, 10_000];
/** One that lived this long starts the delays anew. */
const STEADY_MS = 60_000;
const LARGEST_LOG_BYTES = 50 * 1024 * 1024;

export class RoleProcess {
  readonly #options: RoleProcessOptions;
  #child: ChildProcess | undefined;
  #stopping = false;
  #wasReady = false;
  #startedAt = 0;
  #restarts = 0;
  #restartTimer: NodeJS.Timeout | undefined;

  constructor(options: RoleProcessOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /**
   * Starts it and waits until it takes work. Later deaths are mended in the background.
   * @throws Error when it ends before, or is not ready in time.
   */
  async start(timeoutMs: number): Promise<void> {
    keepLogSmall(this.#options.logFile);
    const child = this.#spawn();
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code, signal) =>
          reject(new Error(`The ${this.name} ended while starting (${signal ?? `exit code ${code}`}).`)),
        );
        child.on('message', (message) => {
          if (message === READY) resolve();
        });
        timer = setTimeout(
          () => reject(new Error(`The ${this.name} was not ready within ${timeoutMs / 1000} s.`)),
          timeoutMs,
        );
      });
      this.#wasReady = true;
    } finally {
      clearTimeout(timer);
    }
  }

  /** SIGTERM, and SIGKILL when it takes longer than `graceMs`. Resolves when the process is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    const child = this.#child;
    if (!child || hasEnded(child)) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const timer = setTimeout(() => {
      this.#options.onEvent(`${this.name} did not end within ${graceMs / 1000} s and was killed`);
      child.kill('SIGKILL');
    }, graceMs);
    await gone;
    clearTimeout(timer);
  }

  /** Ends it at once. */
  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    this.#child?.kill('SIGKILL');
  }

  #spawn(): ChildProcess {
    const { command, args, env, logFile } = this.#options;
    mkdirSync(dirname(logFile), { recursive: true });
    const log = openSync(logFile, 'a', 0o600);
    try {
      // A group of its own: Ctrl-C in the terminal reaches the supervisor alone, which then asks it to end. The log
      // is a file, not a pipe: it survives the supervisor.
      const child = spawn(command, args, {
        env: { ...env },
        stdio: ['ignore', log, log, 'ipc'],
        detached: true,
      });
      this.#child = child;
      this.#startedAt = Date.now();
      child.once('exit', (code, signal) => this.#onExit(signal ?? `exit code ${code}`));
      this.#watch(child);
      child.once('error', (error) => this.#options.onEvent(`${this.name}: ${error.message}`));
      void this.#tellProcess(child);
      return child;
    } finally {
      closeSync(log);
    }
  }

  async #tellProcess({ pid }: ChildProcess): Promise<void> {
    const identity = pid === undefined ? undefined : await processIdentity(pid);
    this.#options.onProcess(pid === undefined || identity === undefined ? undefined : { pid, identity });
  }

  /** From its first sign of life on. Turns are counted, not time: a supervisor that was itself stopped misses none. */
  #watch(child: ChildProcess): void {
    let missed = 0;
    let timer: NodeJS.Timeout | undefined;
    child.on('message', (message) => {
      if (message !== ALIVE) return;
      missed = 0;
      timer ??= setInterval(() => {
        missed += 1;
        if (missed < MISSED || this.#stopping) return;
        clearInterval(timer);
        this.#options.onEvent(`${this.name} does not answer and is ended`);
        // Its event loop is blocked, or it is stopped: it would not see a softer signal.
        child.kill('SIGKILL');
      }, this.#options.aliveMs ?? ALIVE_MS);
      timer.unref();
    });
    child.once('exit', () => clearInterval(timer));
  }

  #onExit(how: string): void {
    this.#options.onProcess(undefined);
    if (this.#stopping || !this.#wasReady) return;
    if (Date.now() - this.#startedAt > STEADY_MS) this.#restarts = 0;
    const delay = RESTART_DELAYS_MS[Math.min(this.#restarts, RESTART_DELAYS_MS.length - 1)] ?? 0;
    this.#restarts += 1;
    this.#options.onEvent(`${this.name} ended unexpectedly (${how}); starting it again`);
    this.#restartTimer = setTimeout(() => {
      this.#spawn().on('message', (message) => {
        if (message === READY) this.#options.onEvent(`${this.name} runs again`);
      });
    }, delay);
  }
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null || child.pid === undefined;

/** The log of the runs before is kept once. */
function keepLogSmall(path: string): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LARGEST_LOG_BYTES)
    renameSync(path, `${path}.1`);
}
