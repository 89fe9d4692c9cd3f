/** Memory of a process. */
import { readFile } from 'node:fs/promises';

/**
 * Proportional set size in bytes (proc_pid_smaps(5)): pages that processes share, as those of the Node binary, are
 * divided between them, so that the sizes of several can be added. 0 for a process that is gone.
 */
export async function proportionalBytes(pid: number | undefined): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
}
