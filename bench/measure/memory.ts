/** Memory of a process. */
import { readFile } from 'node:fs/promises';

export interface Memory {
  /** Resident set size, in bytes. */
  readonly resident: number;
  /**
   * Proportional set size, in bytes: pages that processes share, as those of the Node binary, are divided between
   * them, so that the sizes of several can be added.
   */
  readonly proportional: number;
}

/** From smaps_rollup (proc_pid_smaps(5)). Zeros for a process that is gone. */
export async function memoryOf(pid: number | undefined): Promise<Memory> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * 1024;
  return { resident: bytes('Rss'), proportional: bytes('Pss') };
}

/** Proportional set size in bytes, see `Memory`. 0 for a process that is gone. */
export const proportionalBytes = async (pid: number | undefined): Promise<number> =>
  (await memoryOf(pid)).proportional;
