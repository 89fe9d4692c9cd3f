/** One role process: started, killed, stopped, continued, started again on the same port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LOOPBACK } from '../../platform/data-services/free-port.ts';

export type RoleName = 'gateway' | 'dispatcher' | 'scheduler';
export type RoleEnv = Readonly<Record<string, string>>;

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** From the signal that asked for it. */
  readonly afterMs: number;
}

export interface Readiness {
  readonly ready: boolean;
  readonly silent: boolean;
  readonly problems: readonly string[];
}

const PROGRAM = resolve(import.meta.dirname, 'role.ts');
const START_MS = 120_000;

export class RoleInstance {
  readonly role: RoleName;
  readonly index: number;
  readonly port: number;
  readonly logFile: string;
  readonly #env: RoleEnv;
  #child: ChildProcess | undefined;
  #exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }> | undefined;
  #stopped = false;

  constructor(options: {
    readonly role: RoleName;
    readonly index: number;
    readonly port: number;
    readonly logDir: string;
    readonly env: RoleEnv;
  }) {
    this.role = options.role;
    this.index = options.index;
    this.port = options.port;
    this.logFile = join(options.logDir, `${options.role}-${options.index}.log`);
    this.#env = options.env;
  }

  get name(): string {
    return `${this.role}-${this.index}`;
  }
  get url(): string {
    return `http://${LOOPBACK}:${this.port}`;
  }
  /** Undefined while no process runs. */
  get pid(): number | undefined {
    return this.running ? this.#child?.pid : undefined;
  }
  get running(): boolean {
    const child = this.#child;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }
  /** Between SIGSTOP and SIGCONT. */
  get stopped(): boolean {
    return this.#stopped && this.running;
  }

  /**
   * Starts a process, and waits until it says that it takes work.
   * @param env over what it was made with, for this start.
   * @throws Error that names its log, when it ends before or is not ready in time.
   */
  async start(env: RoleEnv = {}): Promise<void> {
    if (this.running) throw new Error(`${this.name} runs already`);
    const log = openSync(this.logFile, 'a');
    let child: ChildProcess;
    try {
      child = spawn(process.execPath, [PROGRAM, this.role], {
        env: { ...this.#env, ...env, PORT: String(this.port) },
        stdio: ['ignore', log, log, 'ipc'],
      });
    } finally {
      closeSync(log);
    }
    this.#child = child;
    this.#stopped = false;
    this.#exit = new Promise((settle) => child.once('exit', (code, signal) => settle({ code, signal })));
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((ready, fail) => {
        child.once('message', () => ready());
        child.once('error', fail);
        child.once('exit', (code, signal) =>
          fail(
            new Error(`${this.name} ended while starting (${signal ?? `code ${code}`}); see ${this.logFile}`),
          ),
        );
        timer = setTimeout(
          () => fail(new Error(`${this.name} not ready within ${START_MS / 1000} s; see ${this.logFile}`)),
          START_MS,
        );
      });
    } catch (error) {
      // Whoever tries again must not find it half started.
      await this.kill9();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when the process is gone. */
  async kill9(): Promise<void> {
    if (!this.running) return;
    this.#child?.kill('SIGKILL');
    await this.#exit;
  }

  /** SIGTERM, and SIGKILL after `graceMs`: then `signal` is SIGKILL. */
  async term(graceMs = 30_000): Promise<Ended> {
    const at = performance.now();
    const exit = this.#exit;
    if (!exit || !this.running) return { code: null, signal: null, afterMs: 0 };
    this.#child?.kill('SIGTERM');
    // A stopped process takes no SIGTERM.
    if (this.#stopped) this.cont();
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), graceMs);
    const { code, signal } = await exit;
    clearTimeout(timer);
    return { code, signal, afterMs: performance.now() - at };
  }

  /** SIGSTOP: it stands still, its connections stay open. */
  stop(): void {
    this.#child?.kill('SIGSTOP');
    this.#stopped = true;
  }
  /** SIGCONT. */
  cont(): void {
    this.#child?.kill('SIGCONT');
    this.#stopped = false;
  }

  /** What `GET /readyz` says; `silent` when there was no answer in time. */
  async readiness(timeoutMs = 1_000): Promise<Readiness> {
    if (!this.running) return { ready: false, silent: false, problems: ['not running'] };
    try {
      const response = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(timeoutMs) });
      const body = (await response.json()) as { problems?: string[] };
      return { ready: response.ok, silent: false, problems: body.problems ?? [] };
    } catch (error) {
      const silent = error instanceof Error && error.name === 'TimeoutError';
      return { ready: false, silent, problems: [error instanceof Error ? error.message : String(error)] };
    }
  }

  async untilReady(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const { ready, problems } = await this.readiness();
      if (ready) return;
      if (Date.now() > deadline)
        throw new Error(`${this.name} not ready within ${timeoutMs / 1000} s: ${problems.join('; ')}`);
      await new Promise((settle) => setTimeout(settle, 50));
    }
  }
}
