/** A disk that can be filled: a tmpfs of a few megabytes, where this user may mount one. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const mount = (path: string, megabytes: number) =>
  run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]);
/** Lazily: what still runs there ends later. */
const unmount = (path: string) => run('umount', ['-l', path]);

/** Why no small disk can be made here; undefined where it can. */
export async function smallDiskMissing(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'a small disk needs tmpfs, which is there on Linux alone';
  const path = await mkdtemp(join(tmpdir(), 'herald-disk-'));
  try {
    await mount(path, 1);
    await unmount(path);
    return undefined;
  } catch {
    return 'a small disk needs the right to mount a tmpfs (root, or CAP_SYS_ADMIN in a container)';
  } finally {
    await rmdir(path);
  }
}

const CHUNK = Buffer.alloc(1024 * 1024, 1);

export class SmallDisk {
  readonly #megabytes: number;
  #path: string | undefined;

  constructor(megabytes: number) {
    this.#megabytes = megabytes;
  }

  /** Makes it at `path`. */
  async mount(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
    await mount(path, this.#megabytes);
    this.#path = path;
  }

  /** Takes all room that is left. */
  async fill(): Promise<void> {
    const file = await open(this.#ballast, 'w');
    try {
      for (let size = CHUNK.length; size >= 1; size = Math.floor(size / 2)) {
        let full = false;
        while (!full) full = (await written(file, size)) === 0;
      }
    } finally {
      await file.close();
    }
  }

  async free(): Promise<void> {
    await rm(this.#ballast, { force: true });
  }

  async unmount(): Promise<void> {
    const path = this.#path;
    this.#path = undefined;
    if (path !== undefined) await unmount(path);
  }

  get #ballast(): string {
    if (this.#path === undefined) throw new Error('The small disk is not mounted.');
    return join(this.#path, 'ballast');
  }
}

/** Bytes that found room. */
async function written(file: Awaited<ReturnType<typeof open>>, size: number): Promise<number> {
  try {
    return (await file.write(CHUNK, 0, size)).bytesWritten;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return 0;
    throw error;
  }
}
