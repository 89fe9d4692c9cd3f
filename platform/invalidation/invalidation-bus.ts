/**
 * Tells every process that something it may have cached has changed (a template was published, a key
 * revoked). Delivery is Redis pub/sub: at once, but not guaranteed, so caches also have a short maximum age.
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Logger } from '../logging/logger.ts';

const messageSchema = z.object({ topic: z.enum(['template', 'route', 'key', 'user']), key: z.string() });
/** What was changed: the kind of thing and its scoped key. */
export type Invalidation = z.infer<typeof messageSchema>;

export class InvalidationBus {
  readonly #publisher: Redis;
  readonly #subscriber: Redis;
  readonly #channel: string;
  readonly #log: Logger;
  readonly #listeners = new Set<(message: Invalidation) => void>();
  readonly #onReconnect = new Set<() => void>();

  /** @param subscriber a connection of the bus alone (Redis subscriber mode). */
  constructor(publisher: Redis, subscriber: Redis, channel: string, log: Logger) {
    this.#publisher = publisher;
    this.#subscriber = subscriber;
    this.#channel = channel;
    this.#log = log;
  }

  /** Listens from now on. */
  async start(): Promise<void> {
    this.#subscriber.on('message', (channel: string, text: string) => {
      if (channel !== this.#channel) return;
      try {
        const message = messageSchema.parse(JSON.parse(text));
        for (const listener of this.#listeners) listener(message);
      } catch (error) {
        this.#log.error({ err: error, text }, 'invalidation: message not understood');
      }
    });
    this.#subscriber.on('ready', () => {
      for (const listener of this.#onReconnect) listener();
    });
    await this.#subscriber.subscribe(this.#channel);
  }

  /** @param onReconnect called when messages may have been missed: drop what is cached. */
  onInvalidation(listener: (message: Invalidation) => void, onReconnect?: () => void): void {
    this.#listeners.add(listener);
    if (onReconnect) this.#onReconnect.add(onReconnect);
  }

  /**
   * Tells all processes, this one at once. Never fails its caller: the change itself is stored already and
   * the caches' maximum age bounds how long another process may miss it. The failure is logged.
   */
  async invalidate(...messages: readonly Invalidation[]): Promise<void> {
    for (const message of messages) for (const listener of this.#listeners) listener(message);
    try {
      const pipeline = this.#publisher.pipeline();
      for (const message of messages) pipeline.publish(this.#channel, JSON.stringify(message));
      await pipeline.exec();
    } catch (error) {
      this.#log.warn({ err: error }, 'invalidation: not published');
    }
  }
}
