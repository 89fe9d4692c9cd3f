/** Makes all processes miss what Redis publishes, by cutting their subscriptions again and again. */
import { Redis } from 'ioredis';

/** Shorter than a process takes to come back. */
const EVERY_MS = 10;

export class Deafness {
  readonly #redis: Redis;
  #cutting: NodeJS.Timeout | undefined;
  /** Subscriptions that were cut. */
  cut = 0;

  constructor(redisUrl: string) {
    this.#redis = new Redis(redisUrl);
  }

  /** Of all clients of that Redis: other tests must not use it. */
  async begin(): Promise<void> {
    await this.#cut();
    this.#cutting = setInterval(() => void this.#cut(), EVERY_MS);
  }

  end(): void {
    clearInterval(this.#cutting);
  }

  async close(): Promise<void> {
    this.end();
    await this.#redis.quit();
  }

  async #cut(): Promise<void> {
    this.cut += Number(await this.#redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub'));
  }
}
