/** What goes on while Herald starts, and sentences afterwards. */
import type { Style } from '../terminal/style.ts';

/** Where it is written: standard output, or a test's. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const CLEAR_LINE = '\r\u001b[2K';

/** On a terminal the current step is one line that is written over; elsewhere each step is a line of its own. */
export class Progress {
  readonly #output: Output;
  readonly #style: Style;
  #open = false;

  constructor(output: Output, style: Style) {
    this.#output = output;
    this.#style = style;
  }

  /** What is being done now. */
  step(text: string): void {
    if (!this.#output.isTTY) {
      this.#output.write(`${text}\n`);
      return;
    }
    const width = (this.#output.columns ?? 80) - 3;
    this.#output.write(
      `${CLEAR_LINE}${this.#style.dim(`… ${text.length > width ? `${text.slice(0, width - 1)}…` : text}`)}`,
    );
    this.#open = true;
  }

  /** Lines that stay. */
  print(...lines: readonly string[]): void {
    this.#output.write(`${this.#open ? CLEAR_LINE : ''}${lines.map((line) => `${line}\n`).join('')}`);
    this.#open = false;
  }
}
