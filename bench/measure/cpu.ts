/** CPU time of a process. */
import { readFile } from 'node:fs/promises';

/** USER_HZ, in which Linux tells programs of CPU time whatever its own tick is (proc_pid_stat(5)). */
const TICK_MS = 10;
/** `utime` and `stime`, counted behind the name of the program, which may contain blanks. */
const UTIME = 11;

/**
 * User and system time of all its threads since it started, in milliseconds, in steps of 10.
 * @throws Error when the process is gone.
 */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME]) + Number(fields[UTIME + 1])) * TICK_MS;
}
