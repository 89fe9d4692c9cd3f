/** Work that one process at a time does again and again, elected by a lock; any other takes over when it dies. */
import type { Logger } from '../logging/logger.ts';

const AFTER_FAILURE_MS = 1_000;

/** Decides whose turn it is: a RedisLock, or a FencedLock. */
export interface TurnLock {
  /** Whether it is this process's turn, for a time. @throws when that cannot be found out. */
  hold(): Promise<boolean>;
  release(): Promise<void>;
}

export class ElectedLoop {
  readonly #name: string;
  readonly #lock: TurnLock;
  readonly #idleMs: number;
  readonly #round: () => Promise<boolean | number>;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  /**
   * @param name said in the log when a round fails; a failure is followed by a pause and another try.
   * @param idleMs pause after a round that found nothing more to do.
   * @param round answers whether there is more to do at once, or after how many milliseconds.
   */
  constructor(options: {
    name: string;
    lock: TurnLock;
    idleMs: number;
    round: () => Promise<boolean | number>;
    log: Logger;
  }) {
    this.#name = options.name;
    this.#lock = options.lock;
    this.#idleMs = options.idleMs;
    this.#round = options.round;
    this.#log = options.log;
  }

  start(): void {
    this.#running ??= this.#loop();
  }

  /** Waits for the round in hand, then lets the next process have its turn. */
  async close(): Promise<void> {
    this.#stopping.abort();
    if (!this.#running) return;
    await this.#running;
    try {
      await this.#lock.release();
    } catch (error) {
      this.#log.warn({ err: error }, `${this.#name}: lock not released; it runs out by itself`);
    }
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let pauseMs = this.#idleMs;
      try {
        if (await this.#lock.hold()) {
          const more = await this.#round();
          pauseMs = typeof more === 'number' ? more : more ? 0 : this.#idleMs;
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#log.warn({ err: error }, `${this.#name}: round failed; trying again`);
        pauseMs = Math.max(pauseMs, AFTER_FAILURE_MS);
      }
      if (pauseMs > 0) await pause(pauseMs, signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
