/** An append-only file whose lines are on the disk before anybody is told. Concurrent lines share a sync. */
import { type FileHandle, open } from 'node:fs/promises';
import { Batcher } from '../../platform/batching/batcher.ts';

export class Journal {
  readonly #file: FileHandle;
  readonly #lines: Batcher<string, true>;

  private constructor(file: FileHandle) {
    this.#file = file;
    this.#lines = new Batcher(
      async (lines) => {
        await file.appendFile(lines.map((line) => `${line}\n`).join(''));
        await file.datasync();
        return lines.map(() => ({ ok: true, value: true }));
      },
      { maxGroup: 10_000 },
    );
  }

  /** Goes on after what is there; a line that a kill has cut off is ended first. */
  static async open(path: string): Promise<Journal> {
    const file = await open(path, 'a+');
    const { size } = await file.stat();
    if (size > 0) {
      const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 });
      if (buffer.toString() !== '\n') await file.appendFile('\n');
    }
    return new Journal(file);
  }

  /** Resolves once it is on the disk. */
  async write(entry: object): Promise<void> {
    await this.#lines.submit(JSON.stringify(entry));
  }

  async close(): Promise<void> {
    await this.#lines.drain();
    await this.#file.close();
  }
}
