/** Ordered shutdown: SIGTERM → not ready → finish what is in hand → close; a second signal or the time-out ends it. */
import type { Logger } from '../logging/logger.ts';

/**
 * Signals this close together are one: a process manager signals the whole group, and npm, or a process that
 * started this one, passes the same signal on.
 */
export const SAME_SIGNAL_MS = 250;

/** Closes things in the reverse order of their registration. */
export class Shutdown {
  readonly #steps: { name: string; close: () => Promise<unknown> | unknown }[] = [];
  #closing: Promise<void> | undefined;
  #announced = false;

  /** True from the first moment of the shutdown: `readyz` answers 503 then. */
  get started(): boolean {
    return this.#announced || this.#closing !== undefined;
  }

  /** @param name said in the log when `close` fails. */
  onClose(name: string, close: () => Promise<unknown> | unknown): void {
    this.#steps.push({ name, close });
  }

  /** Runs every step once, newest first; a failing step is logged and does not stop the others. */
  close(log: Logger): Promise<void> {
    this.#closing ??= (async () => {
      for (const step of this.#steps.toReversed()) {
        try {
          await step.close();
        } catch (error) {
          log.error({ err: error, step: step.name }, 'shutdown step failed');
        }
      }
    })();
    return this.#closing;
  }

  /**
   * Ends the process on SIGTERM and SIGINT: exit code 0 after a clean close, 1 after the time-out or a second signal.
   * @param timeoutMs for all of it, the grace included.
   * @param graceMs between the signal, from which on it is not ready, and the first step: until then it goes on.
   */
  listen(log: Logger, timeoutMs: number, graceMs = 0): void {
    let firstAt: number | undefined;
    const onSignal = (signal: NodeJS.Signals) => {
      firstAt ??= Date.now();
      if (this.started) {
        if (Date.now() - firstAt < SAME_SIGNAL_MS) return;
        log.warn({ signal }, 'second signal: ending now');
        process.exit(1);
      }
      log.info({ signal, graceMs }, 'shutting down');
      this.#announced = true;
      setTimeout(() => {
        log.error({ timeoutMs }, 'shutdown took too long: ending now');
        process.exit(1);
      }, timeoutMs).unref();
      setTimeout(() => void this.close(log).then(() => process.exit(0)), graceMs);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  }
}
