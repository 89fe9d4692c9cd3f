/**
 * Tells one process from another that later got the same id: process ids come round again, and what a data
 * folder remembers must never end a stranger.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A process as written into the data folder. */
export interface RecordedProcess {
  readonly pid: number;
  /** From `processIdentity`. */
  readonly identity: string;
}

/** When the process began, in words that no other process with this id has. Undefined when there is none. */
export async function processIdentity(pid: number): Promise<string | undefined> {
  if (!exists(pid)) return undefined;
  return process.platform === 'linux' ? linuxIdentity(pid) : portableIdentity(pid);
}

/** Whether the recorded process still runs. */
export const isRunning = async (recorded: RecordedProcess): Promise<boolean> =>
  (await processIdentity(recorded.pid)) === recorded.identity;

/**
 * Ends a process that is not our child: SIGTERM, and SIGKILL after the grace time. Resolves once it is gone.
 * @param graceMs how long it may take to end by itself.
 */
export async function endProcess(recorded: RecordedProcess, graceMs: number): Promise<void> {
  if (!(await isRunning(recorded))) return;
  signalProcess(recorded.pid, 'SIGTERM');
  if (await goneWithin(recorded, graceMs)) return;
  signalProcess(recorded.pid, 'SIGKILL');
  if (!(await goneWithin(recorded, 5_000)))
    throw new Error(`Process ${recorded.pid} does not end, even by SIGKILL.`);
}

/** Sends a signal; a process that has just gone is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

async function goneWithin(recorded: RecordedProcess, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  do {
    if (!(await isRunning(recorded))) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (Date.now() < deadline);
  return false;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}

/** proc(5): field 22 is the start in clock ticks after boot. A zombie (Z) has ended. */
async function linuxIdentity(pid: number): Promise<string | undefined> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ]);
    // The second field is the name in brackets and may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : `${boot.trim()}:${fields[19]}`;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ESRCH')) return undefined;
    throw error;
  }
}

async function portableIdentity(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { timeout: 5_000 });
    const [state = '', ...started] = stdout.trim().split(/\s+/);
    return state === '' || state.startsWith('Z') ? undefined : started.join(' ');
  } catch (error) {
    // ps ends with 1 when there is no such process.
    if (error instanceof Error && 'code' in error && error.code === 1) return undefined;
    throw error;
  }
}

/** Whether `error` is a system error with this code. */
export const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
