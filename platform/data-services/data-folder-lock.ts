/** One Herald per data folder: two would start two servers over the same files. */
import { randomBytes } from 'node:crypto';
import { link, mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import { isErrno, isRunning, processIdentity } from './process-identity.ts';

const recordedProcess = z.object({ pid: z.number().int(), identity: z.string() });
const ownerSchema = recordedProcess.extend({
  startedAt: z.string(),
  /** Where it answers; absent while it starts, and for what is no Herald (a test run). */
  url: z.string().optional(),
  /** Processes that it started, so that a later start can end those that it left. */
  children: z.array(recordedProcess.extend({ name: z.string() })),
});
/** Who uses a data folder. */
export type DataFolderOwner = z.infer<typeof ownerSchema>;

/** Another process uses the data folder. `owner` says which. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError';
  readonly owner: DataFolderOwner;
  constructor(dataDir: string, owner: DataFolderOwner) {
    super(
      `Herald runs already on the data folder ${dataDir}: process ${owner.pid}${owner.url ? `, at ${owner.url}` : ', starting'}. Stop it first, or set HERALD_DATA_DIR (and PORT) for a second one.`,
    );
    this.owner = owner;
  }
}

const lockPath = (dataDir: string): string => join(dataDir, 'herald.json');

/** Who runs on the data folder now; undefined when nobody does. */
export async function dataFolderOwner(dataDir: string): Promise<DataFolderOwner | undefined> {
  const owner = await readJsonFile(lockPath(dataDir), ownerSchema);
  return owner && (await isRunning(owner)) ? owner : undefined;
}

/** The right to use a data folder, held by this process until `release`. */
export class DataFolderLock {
  readonly dataDir: string;
  /** What the last owner left running when it ended without `release`. */
  readonly leftBehind: DataFolderOwner['children'];
  #owner: DataFolderOwner;
  #writing: Promise<void> = Promise.resolve();
  #released = false;

  private constructor(dataDir: string, owner: DataFolderOwner, leftBehind: DataFolderOwner['children']) {
    this.dataDir = dataDir;
    this.#owner = owner;
    this.leftBehind = leftBehind;
  }

  /**
   * Makes the folder where it is missing.
   * @throws DataFolderInUseError while another process (or this one) holds the lock.
   */
  static async acquire(dataDir: string): Promise<DataFolderLock> {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const path = lockPath(dataDir);
    const identity = await processIdentity(process.pid);
    if (identity === undefined) throw new Error('This process cannot be identified.');
    const owner = { pid: process.pid, identity, startedAt: new Date().toISOString(), children: [] };
    const own = `${path}.${randomBytes(6).toString('hex')}`;
    await writeJsonFile(own, owner);
    let leftBehind: DataFolderOwner['children'] = [];
    try {
      // A link is made whole or not at all, and not over an existing file.
      while (!(await linked(own, path))) {
        const stale = await takeOver(dataDir, own, path);
        if (stale === undefined) continue;
        leftBehind = stale.children;
        break;
      }
      return new DataFolderLock(dataDir, owner, leftBehind);
    } finally {
      await rm(own, { force: true });
    }
  }

  /** Tells others where this Herald answers and what it has started. */
  update(change: Partial<Pick<DataFolderOwner, 'url' | 'children'>>): Promise<void> {
    if (this.#released) return Promise.resolve();
    this.#owner = { ...this.#owner, ...change };
    const owner = this.#owner;
    this.#writing = this.#writing.then(() => writeJsonFile(lockPath(this.dataDir), owner));
    return this.#writing;
  }

  /** Gives it up; a second call does nothing, so that it cannot take the lock of the next owner. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#writing;
    await rm(lockPath(this.dataDir), { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

/** A takeover takes a moment; one that is older was killed in the middle. */
const TAKEOVER_MS = 5_000;

/**
 * Puts our lock in the place of one whose owner has gone, one process at a time: otherwise one that has seen the
 * stale lock could replace the lock of another that was quicker.
 * @returns the former owner; undefined when it is to be tried again.
 */
async function takeOver(dataDir: string, own: string, path: string): Promise<DataFolderOwner | undefined> {
  const turn = `${path}.takeover`;
  if (!(await madeFolder(turn))) {
    const since = await modifiedAt(turn);
    if (since !== undefined && Date.now() - since > TAKEOVER_MS)
      await rm(turn, { recursive: true, force: true });
    else await new Promise((resolve) => setTimeout(resolve, 20));
    return undefined;
  }
  try {
    const owner = await readJsonFile(path, ownerSchema);
    if (owner === undefined) return undefined;
    if (await isRunning(owner)) throw new DataFolderInUseError(dataDir, owner);
    await rename(own, path);
    return owner;
  } finally {
    await rm(turn, { recursive: true, force: true });
  }
}

async function madeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

async function modifiedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
