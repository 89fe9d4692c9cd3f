/** A process of Herald's command line, with what it says. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

export class HeraldProcess {
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | NodeJS.Signals | null>;
  readonly #output: Buffer[] = [];

  /**
   * @param args of `herald`.
   * @param settings all of its settings: none of this process's own get through.
   */
  constructor(args: readonly string[], settings: Readonly<Record<string, string>>) {
    const { PATH = '', HOME = '' } = process.env;
    this.#child = spawn(process.execPath, ['cli/bin.mjs', ...args], {
      cwd: ROOT,
      env: { PATH, HOME, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => this.#output.push(chunk));
    this.#exit = new Promise((settle) => this.#child.once('exit', (code, signal) => settle(code ?? signal)));
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get output(): string {
    return Buffer.concat(this.#output).toString();
  }

  /** SIGTERM. @returns the exit code, or the signal that ended it. */
  stop(): Promise<number | NodeJS.Signals | null> {
    if (!this.hasEnded) this.#child.kill('SIGTERM');
    return this.#exit;
  }

  /** SIGKILL, as when the machine loses it. */
  async kill(): Promise<void> {
    if (!this.hasEnded) this.#child.kill('SIGKILL');
    await this.#exit;
  }

  /**
   * Waits until `ask` gives something.
   * @throws Error with what the process said, when it ends before or takes longer.
   */
  async until<T>(what: string, ask: () => Promise<T | undefined>, timeoutMs = 180_000): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    while (!this.hasEnded && Date.now() < deadline) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      await new Promise((settle) => setTimeout(settle, 50));
    }
    throw new Error(`${what}: ${this.hasEnded ? 'the process has ended' : 'too late'}\n${this.output}`);
  }
}

/** Whether what listens there takes work. */
export async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(10_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    // Nothing listens there yet.
    return false;
  }
}
