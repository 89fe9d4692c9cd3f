/** Tells live inboxes, in whatever process they are, what has changed (Redis pub/sub by inbox). */
import type { Redis } from 'ioredis';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { RedisNames } from '../../../platform/names/redis-names.ts';
import type { InboxMessageRecord } from '../records/inbox-message-record.ts';
import type { InboxEventRecord } from './inbox-events.ts';

export class InboxPublisher {
  readonly #redis: Redis;
  readonly #names: RedisNames;
  readonly #log: Logger;

  constructor(redis: Redis, names: RedisNames, log: Logger) {
    this.#redis = redis;
    this.#names = names;
    this.#log = log;
  }

  /** @param unread count of each inbox after all of `messages`, by inbox key. */
  async received(
    messages: readonly InboxMessageRecord[],
    unread: ReadonlyMap<string, number>,
  ): Promise<void> {
    await this.#publish(
      messages.map((message) => ({
        type: 'RECEIVED',
        message,
        unreadCount: unread.get(inboxOf(message)) ?? 0,
      })),
    );
  }

  async updated(messages: readonly InboxMessageRecord[], unreadCount: number): Promise<void> {
    await this.#publish(messages.map((message) => ({ type: 'UPDATED', message, unreadCount })));
  }

  /** Never fails its caller: the messages are stored, and a watcher that missed one finds it by its number. */
  async #publish(events: readonly InboxEventRecord[]): Promise<void> {
    if (events.length === 0) return;
    try {
      const pipeline = this.#redis.pipeline();
      for (const event of events)
        pipeline.publish(this.#names.inboxChannel(inboxOf(event.message)), JSON.stringify(event));
      await pipeline.exec();
    } catch (error) {
      this.#log.warn({ err: error, events: events.length }, 'inbox events not published');
    }
  }
}

const inboxOf = (message: InboxMessageRecord): string => message._id.slice(0, message._id.indexOf(':'));
