/** Whether a service answers: asked for real, because a driver learns late that a link is dead. */
import { messageOf } from '../errors/message-of.ts';

const PATIENCE_MS = 1_000;

export class Ping {
  readonly #name: string;
  readonly #ask: () => Promise<unknown>;
  readonly #patienceMs: number;
  #asking: Promise<string | undefined> | undefined;
  #askedAt = 0;

  /** @param ask resolves when it answers, rejects when that cannot be found out; it may take for ever. */
  constructor(name: string, ask: () => Promise<unknown>, patienceMs = PATIENCE_MS) {
    this.#name = name;
    this.#ask = ask;
    this.#patienceMs = patienceMs;
  }

  /** A sentence when it does not answer within the patience. A question that is still open is not asked again. */
  async problem(): Promise<string | undefined> {
    if (!this.#asking) {
      this.#askedAt = performance.now();
      this.#asking = this.#answer().finally(() => {
        this.#asking = undefined;
      });
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => {
        const seconds = Math.round((performance.now() - this.#askedAt) / 1_000);
        resolve(`${this.#name} has not answered for ${Math.max(1, seconds)} s`);
      }, this.#patienceMs);
    });
    try {
      return await Promise.race([this.#asking, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #answer(): Promise<string | undefined> {
    try {
      await this.#ask();
      return undefined;
    } catch (error) {
      return `${this.#name} does not answer: ${messageOf(error)}`;
    }
  }
}
