/** Short waits of one process, which its end cuts short. */
import type { Pause } from '../flow/provider-flow.ts';

export class Pauses {
  readonly #wakes = new Set<() => void>();
  #ended = false;

  /** Whether the process ends. */
  get ended(): boolean {
    return this.#ended;
  }

  /** False when the end of the process cut it short. */
  readonly pause: Pause = (ms) => {
    if (this.#ended) return Promise.resolve(false);
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wakes.delete(wake);
        resolve(!this.#ended);
      };
      const timer = setTimeout(wake, ms);
      this.#wakes.add(wake);
    });
  };

  end(): void {
    this.#ended = true;
    for (const wake of [...this.#wakes]) wake();
  }
}
