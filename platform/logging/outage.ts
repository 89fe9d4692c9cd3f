/** Something that fails again and again is told when it begins and when it is over, not each time. */
import type { Logger } from './logger.ts';

export class Outage {
  readonly #log: Pick<Logger, 'warn' | 'info'>;
  readonly #what: string;
  #missed = 0;

  /** @param what said in the log, with what becomes of it: "rate limit not checked: granted". */
  constructor(log: Pick<Logger, 'warn' | 'info'>, what: string) {
    this.#log = log;
    this.#what = what;
  }

  /** @param count how many things this failure concerns. */
  failed(error: unknown, count = 1): void {
    if (this.#missed === 0) this.#log.warn({ err: error }, this.#what);
    this.#missed += count;
  }

  worked(): void {
    if (this.#missed === 0) return;
    this.#log.info({ missed: this.#missed }, `over: ${this.#what}`);
    this.#missed = 0;
  }
}
