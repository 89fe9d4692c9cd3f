/** Programs that run and end, with bounds on their time. */
import { spawn } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Environment } from '../config/environment.ts';
import { isErrno } from './process-identity.ts';

/** The path of a program on the search path (`PATH`), as a shell would find it. */
export async function findExecutable(
  name: string,
  searchPath: string | undefined,
): Promise<string | undefined> {
  for (const folder of (searchPath ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      if ((await stat(path)).isFile()) return path;
    } catch (error) {
      if (!['ENOENT', 'EACCES', 'ENOTDIR', 'ELOOP'].some((code) => isErrno(error, code))) throw error;
    }
  }
  return undefined;
}

export interface CommandOptions {
  readonly env: Environment;
  /** The whole run may take this long. */
  readonly timeoutMs: number;
  /** It may say nothing for this long; asked anew after each line, with that line. Default: `timeoutMs`. */
  readonly quietMs?: (lastLine: string | undefined) => number;
  /** Each line of its output, both streams. A carriage return ends a line too (progress bars). */
  readonly onLine?: (line: string) => void;
}

/** How a command ended. `output` holds both streams' last lines, `message` a short sentence for people. */
export type CommandResult =
  | { readonly ok: true; readonly output: string }
  | { readonly ok: false; readonly output: string; readonly message: string };

const KEPT_LINES = 200;

/** Runs a program to its end, or kills it at its bound. Never throws. */
export function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const lines: string[] = [];
    let rest = '';
    let stopped: string | undefined;
    // A group of its own, so that what it has started ends with it and a Ctrl-C in the terminal is ours to handle.
    const child = spawn(file, args, {
      env: { ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const kill = (why: string) => {
      stopped ??= why;
      if (child.pid !== undefined) killGroup(child.pid, 'SIGKILL');
    };
    const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;
    const onExit = () => kill('Herald ended');
    process.once('exit', onExit);
    const whole = setTimeout(() => kill(`not done after ${seconds(options.timeoutMs)}`), options.timeoutMs);
    let quiet: NodeJS.Timeout | undefined;
    const listen = (line: string | undefined) => {
      clearTimeout(quiet);
      const ms = options.quietMs?.(line);
      if (ms !== undefined) quiet = setTimeout(() => kill(`no answer within ${seconds(ms)}`), ms);
    };
    listen(undefined);
    const take = (chunk: string) => {
      const parts = (rest + chunk).split(/[\r\n]+/);
      rest = parts.pop() ?? '';
      for (const line of parts) takeLine(line);
    };
    const takeLine = (line: string) => {
      if (line.trim() === '') return;
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      listen(line);
      options.onLine?.(line);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    const end = (message: string | undefined) => {
      clearTimeout(whole);
      clearTimeout(quiet);
      process.off('exit', onExit);
      const output = lines.join('\n');
      resolve(message === undefined ? { ok: true, output } : { ok: false, output, message });
    };
    child.on('error', (error) => end(error.message));
    child.on('close', (code, signal) => {
      takeLine(rest);
      if (stopped !== undefined) end(stopped);
      else if (code === 0) end(undefined);
      else end(lines.at(-1)?.trim() ?? `it ended with ${signal ?? `exit code ${code}`}`);
    });
  });
}

/** Signals a process group; one that has gone is no error. */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}
