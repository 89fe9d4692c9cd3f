/** Lines at the end of a file, each on disk before it counts as written. */
import { constants, type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What became of a line. `stopped`: its signal came first; `begun`: some of it may be in the file. */
export type WrittenLine =
  | { readonly kind: 'written' }
  | { readonly kind: 'stopped'; readonly begun: boolean }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly code: string; readonly begun: boolean };

export interface LineWriter {
  /** Never throws. @param line without its line break. */
  write(line: string, signal: AbortSignal): Promise<WrittenLine>;
  /** Whether the file can be opened for writing; the code of the error otherwise. */
  check(): Promise<string | undefined>;
  /** Waits for the lines under way. May be called again. */
  close(): Promise<void>;
}

interface Waiting {
  readonly line: string;
  begun: boolean;
  settle(written: WrittenLine): void;
}

/**
 * Lines that come while others are written go together, with one flush to disk for all. Several processes may append
 * to one file. A file that was moved away (log rotation) is made anew.
 */
export function createLineWriter(path: string): LineWriter {
  let waiting: Waiting[] = [];
  let working: Promise<void> | undefined;
  let handle: FileHandle | undefined;
  let closed = false;
  /** The last write failed: it may have left half a line behind. */
  let torn = false;

  async function opened(): Promise<FileHandle> {
    if (handle && (await isStill(path, handle))) return handle;
    const old = handle;
    handle = undefined;
    await old?.close();
    await mkdir(dirname(path), { recursive: true });
    handle = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
    return handle;
  }

  async function writeBatch(batch: readonly Waiting[]): Promise<void> {
    let begun = false;
    try {
      const to = await opened();
      const bytes = Buffer.from(`${torn ? '\n' : ''}${batch.map(({ line }) => `${line}\n`).join('')}`);
      begun = true;
      torn = true;
      for (let done = 0; done < bytes.length; ) done += (await to.write(bytes, done)).bytesWritten;
      await to.datasync();
      torn = false;
      for (const one of batch) one.settle({ kind: 'written' });
    } catch (error) {
      for (const one of batch) one.settle({ kind: 'failed', code: codeOf(error), begun });
    }
  }

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      for (const one of batch) one.begun = true;
      await writeBatch(batch);
    }
    working = undefined;
  }

  return {
    write: (line, signal) =>
      new Promise((resolve) => {
        if (closed) return resolve({ kind: 'closed' });
        if (signal.aborted) return resolve({ kind: 'stopped', begun: false });
        const one: Waiting = {
          line,
          begun: false,
          settle(written) {
            signal.removeEventListener('abort', stop);
            resolve(written);
          },
        };
        const stop = () => {
          waiting = waiting.filter((other) => other !== one);
          one.settle({ kind: 'stopped', begun: one.begun });
        };
        signal.addEventListener('abort', stop, { once: true });
        waiting.push(one);
        working ??= work();
      }),
    async check() {
      try {
        await opened();
        return undefined;
      } catch (error) {
        return codeOf(error);
      }
    },
    async close() {
      closed = true;
      await working;
      const old = handle;
      handle = undefined;
      await old?.close();
    },
  };
}

/** Whether the path still leads to the open file. */
async function isStill(path: string, handle: FileHandle): Promise<boolean> {
  try {
    const [there, open] = await Promise.all([stat(path), handle.stat()]);
    return there.ino === open.ino && there.dev === open.dev;
  } catch {
    // It was moved or removed: opening it says what is wrong, if anything is.
    return false;
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
