/** One Redis subscription per watched inbox and process, however many watch it. */
import type { Redis } from 'ioredis';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { RedisNames } from '../../../platform/names/redis-names.ts';
import { type InboxEventRecord, inboxEventSchema } from '../inbox/inbox-events.ts';

type Listener = {
  readonly onEvent: (event: InboxEventRecord) => void;
  /** The connection was lost and is back: events may have been missed. */
  readonly onGap: () => void;
};

export class InboxHub {
  readonly #subscriber: Redis;
  readonly #names: RedisNames;
  readonly #log: Logger;
  readonly #listeners = new Map<string, Set<Listener>>();

  /** @param subscriber a connection of this hub alone; it subscribes again by itself after a loss. */
  constructor(subscriber: Redis, names: RedisNames, log: Logger) {
    this.#subscriber = subscriber;
    this.#names = names;
    this.#log = log;
    subscriber.on('message', (channel: string, text: string) => this.#deliver(channel, text));
    subscriber.on('ready', () => {
      for (const listeners of this.#listeners.values()) for (const listener of listeners) listener.onGap();
    });
  }

  /** Watched inboxes, for metrics and tests. */
  get watched(): number {
    return this.#listeners.size;
  }

  /** Listens from the moment the promise resolves. Returns how to stop. */
  async listen(inbox: string, listener: Listener): Promise<() => void> {
    const channel = this.#names.inboxChannel(inbox);
    let listeners = this.#listeners.get(channel);
    if (!listeners) {
      listeners = new Set();
      this.#listeners.set(channel, listeners);
    }
    listeners.add(listener);
    // Redis counts a repeated SUBSCRIBE of a connection once; awaiting it always means nobody starts too early.
    await this.#subscriber.subscribe(channel);
    return () => {
      const current = this.#listeners.get(channel);
      if (!current?.delete(listener) || current.size > 0) return;
      this.#listeners.delete(channel);
      this.#subscriber
        .unsubscribe(channel)
        .catch((error: unknown) => this.#log.warn({ err: error }, 'inbox: unsubscribe failed'));
    };
  }

  #deliver(channel: string, text: string): void {
    const listeners = this.#listeners.get(channel);
    if (!listeners) return;
    let event: InboxEventRecord;
    try {
      event = inboxEventSchema.parse(JSON.parse(text)) as InboxEventRecord;
    } catch (error) {
      this.#log.error({ err: error }, 'inbox event cannot be read');
      return;
    }
    for (const listener of listeners) listener.onEvent(event);
  }
}
