/** Follows a role's log file and picks what a person at the terminal should see. */
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** How a shown line begins that is a warning. */
export const WARNING = 'warning';
/** Lines shown at a time; the file has them all. */
const MOST_LINES = 5;
const MOST_CHARACTERS = 300;
const POLL_MS = 200;

/**
 * The text to show for one line of a log: warnings and errors of our own (pino), and whatever is not JSON, as a
 * crash writes it. Undefined for the rest.
 */
export function shownLogLine(line: string): string | undefined {
  if (line.trim() === '') return undefined;
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
  }
  if (typeof entry !== 'object' || entry === null) return line;
  const { level, msg, err } = entry as { level?: unknown; msg?: unknown; err?: { message?: unknown } };
  if (level !== 'warn' && level !== 'error' && level !== 'fatal') return undefined;
  const cause =
    typeof err?.message === 'string' && err.message !== msg ? `: ${err.message.split('\n')[0]}` : '';
  return `${level === 'warn' ? WARNING : 'error'}: ${String(msg ?? 'unknown')}${cause}`.slice(
    0,
    MOST_CHARACTERS,
  );
}

/** @param lines new ones, as they came. Of many only the first are shown, and how many there were. */
export function shownLogLines(lines: readonly string[], path: string): string[] {
  const shown = lines.map(shownLogLine).filter((line) => line !== undefined);
  if (shown.length <= MOST_LINES) return shown;
  return [...shown.slice(0, MOST_LINES), `… and ${shown.length - MOST_LINES} more lines in ${path}`];
}

/** Reads what is appended to a file, from its present end on. */
export class LogTail {
  readonly #path: string;
  readonly #shownPath: string;
  readonly #onLine: (text: string) => void;
  #file: FileHandle | undefined;
  #position = 0;
  #rest = '';
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(path: string, shownPath: string, onLine: (text: string) => void) {
    this.#path = path;
    this.#shownPath = shownPath;
    this.#onLine = onLine;
  }

  async start(): Promise<void> {
    // With data services from elsewhere nothing has made the folder yet.
    await mkdir(dirname(this.#path), { recursive: true });
    this.#file = await open(this.#path, 'a+');
    this.#position = (await this.#file.stat()).size;
    this.#timer = setInterval(() => {
      this.#reading = this.#reading.then(() => this.#read());
    }, POLL_MS);
    this.#timer.unref();
  }

  /** Shows what is left, and ends. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading;
    await this.#read();
    await this.#file?.close();
    this.#file = undefined;
  }

  async #read(): Promise<void> {
    if (this.#file === undefined) return;
    let text = this.#rest;
    for (;;) {
      const { bytesRead, buffer } = await this.#file.read({
        buffer: Buffer.alloc(64 * 1024),
        position: this.#position,
      });
      if (bytesRead === 0) break;
      this.#position += bytesRead;
      text += buffer.toString('utf8', 0, bytesRead);
    }
    const lines = text.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of shownLogLines(lines, this.#shownPath)) this.#onLine(line);
  }
}
