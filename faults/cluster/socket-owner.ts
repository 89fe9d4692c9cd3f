/** Which process is at the other end of a connection on this machine (proc(5): /proc/net/tcp, /proc/<pid>/fd). */
import { readdir, readFile, readlink } from 'node:fs/promises';

/** Columns of /proc/net/tcp. */
const LOCAL = 1;
const REMOTE = 2;
const INODE = 9;

const portIn = (address: string | undefined): number => Number.parseInt(address?.split(':')[1] ?? '', 16);

/**
 * @param localPort of the socket that is looked for.
 * @param remotePort that it is connected to.
 * @param candidates the processes it may belong to.
 */
export async function socketOwner(
  localPort: number,
  remotePort: number,
  candidates: readonly number[],
): Promise<number | undefined> {
  const lines = (await readFile('/proc/net/tcp', 'utf8')).trim().split('\n').slice(1);
  const columns = lines.map((line) => line.trim().split(/\s+/));
  const inode = columns.find(
    (column) => portIn(column[LOCAL]) === localPort && portIn(column[REMOTE]) === remotePort,
  )?.[INODE];
  if (inode === undefined) return undefined;
  for (const pid of candidates) if (await holds(pid, `socket:[${inode}]`)) return pid;
  return undefined;
}

async function holds(pid: number, target: string): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  // One that was closed meanwhile is not the one.
  for (const descriptor of descriptors)
    if ((await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')) === target) return true;
  return false;
}
