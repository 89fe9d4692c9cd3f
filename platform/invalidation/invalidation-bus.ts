/**
 * Tells every process that something it may have cached has changed (a template was published, a key
 * revoked). Delivery is Redis pub/sub: at once, but not guaranteed, so caches also have a short maximum age, and
 * the strict ones ask `live` first.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { within } from '../data-services/within.ts';
import type { Logger } from '../logging/logger.ts';

const invalidationSchema = z.object({
  /** `templates`: all templates and routes of the workspace `key`. */
  topic: z.enum([
    'template',
    'route',
    'templates',
    'key',
    'user',
    'suppression',
    'provider',
    'segment',
    'workspace',
  ]),
  key: z.string(),
});
/** What was changed: the kind of thing and its scoped key. */
export type Invalidation = z.infer<typeof invalidationSchema>;

/** `everything`: a process could not say one by one what it has changed. */
const messageSchema = z.object({
  from: z.string().optional(),
  changed: z.union([invalidationSchema, z.literal('everything')]),
});

/** How often the subscription is proved to work. */
const PROBE_EVERY_MS = 1_000;
/** A subscription that was not proved for so long is not relied on. */
const LIVE_FOR_MS = 3_000;
/** One that was not proved for so long is opened anew: its other end may be gone without a word. */
const REOPEN_AFTER_MS = 6_000;
/** A caller is not held up longer by a Redis that does not answer; what it took after all is told twice. */
const SEND_TIMEOUT_MS = 1_000;
/** Messages kept while Redis is away; beyond that all processes are told to forget everything. */
const MAX_UNSENT = 10_000;

export class InvalidationBus {
  readonly #publisher: Redis;
  readonly #subscriber: Redis;
  readonly #channel: string;
  readonly #log: Logger;
  /** This process has heard its own messages before they are sent. */
  readonly #id = randomUUID();
  readonly #listeners = new Set<(message: Invalidation) => void>();
  readonly #onGap = new Set<() => void>();
  /** By topic and key: what Redis has not taken yet. */
  readonly #unsent = new Map<string, Invalidation>();
  #everythingUnsent = false;
  /** When the newest proof was asked for: what was published before it has arrived. */
  #provedAt = Number.NEGATIVE_INFINITY;
  #probing: NodeJS.Timeout | undefined;

  /** @param subscriber a connection of the bus alone (Redis subscriber mode). */
  constructor(publisher: Redis, subscriber: Redis, channel: string, log: Logger) {
    this.#publisher = publisher;
    this.#subscriber = subscriber;
    this.#channel = channel;
    this.#log = log;
  }

  /** Whether changes elsewhere are heard of: at most three seconds old. */
  get live(): boolean {
    return performance.now() - this.#provedAt < LIVE_FOR_MS;
  }

  /** Listens from now on, until the subscriber's connection is closed for good. */
  async start(): Promise<void> {
    this.#subscriber.on('message', (channel: string, text: string) => {
      if (channel === this.#channel) this.#heard(text);
    });
    this.#subscriber.on('close', () => {
      this.#provedAt = Number.NEGATIVE_INFINITY;
      if (this.#subscriber.status !== 'end') this.#forgetAll();
    });
    this.#subscriber.on('ready', () => {
      this.#subscribe().catch((error: unknown) =>
        this.#log.warn({ err: error }, 'invalidation: not subscribed'),
      );
    });
    this.#subscriber.on('end', () => {
      clearInterval(this.#probing);
      this.#probing = undefined;
    });
    await this.#subscribe();
  }

  /** @param onGap called when messages may have been missed: drop what is cached. */
  onInvalidation(listener: (message: Invalidation) => void, onGap?: () => void): void {
    this.#listeners.add(listener);
    if (onGap) this.#onGap.add(onGap);
  }

  /**
   * Tells all processes, this one at once. Never fails its caller: the change itself is stored already. What Redis
   * does not take is sent when it is back; should this process end before, the caches' maximum age bounds how long
   * the others miss it.
   */
  async invalidate(...messages: readonly Invalidation[]): Promise<void> {
    for (const message of messages) for (const listener of this.#listeners) listener(message);
    await this.#publish(messages);
  }

  #heard(text: string): void {
    try {
      const { from, changed } = messageSchema.parse(JSON.parse(text));
      if (from === this.#id) return;
      if (changed === 'everything') this.#forgetAll();
      else for (const listener of this.#listeners) listener(changed);
    } catch (error) {
      this.#log.error({ err: error, text }, 'invalidation: message not understood');
    }
  }

  #forgetAll(): void {
    for (const listener of this.#onGap) listener();
  }

  /** Only when the subscription stands, what was missed before is over: then everything is dropped. */
  async #subscribe(): Promise<void> {
    const askedAt = performance.now();
    await this.#subscriber.subscribe(this.#channel);
    this.#forgetAll();
    this.#provedAt = askedAt;
    this.#probing ??= setInterval(() => this.#probe(), PROBE_EVERY_MS).unref();
  }

  /** Redis answers in order: what was published before the question has arrived before the answer. */
  #probe(): void {
    if (this.#unsent.size > 0 || this.#everythingUnsent) void this.#sendAgain();
    if (this.#subscriber.status !== 'ready') return;
    const askedAt = performance.now();
    if (askedAt - this.#provedAt > REOPEN_AFTER_MS && Number.isFinite(this.#provedAt)) {
      this.#log.warn('invalidation: the subscription does not answer; opening it anew');
      this.#subscriber.disconnect(true);
      return;
    }
    this.#subscriber.ping().then(
      () => {
        if (Number.isFinite(this.#provedAt)) this.#provedAt = askedAt;
      },
      (error: unknown) => this.#log.debug({ err: error }, 'invalidation: probe without an answer'),
    );
  }

  async #publish(messages: readonly Invalidation[]): Promise<void> {
    try {
      await within(SEND_TIMEOUT_MS, this.#send(messages.map((changed) => ({ from: this.#id, changed }))));
    } catch (error) {
      this.#log.warn({ err: error }, 'invalidation: not published; trying again');
      for (const message of messages) this.#unsent.set(`${message.topic}:${message.key}`, message);
      if (this.#unsent.size <= MAX_UNSENT) return;
      this.#everythingUnsent = true;
      this.#unsent.clear();
    }
  }

  async #sendAgain(): Promise<void> {
    if (this.#publisher.status !== 'ready') return;
    const messages = [...this.#unsent.values()];
    const everything = this.#everythingUnsent;
    this.#unsent.clear();
    this.#everythingUnsent = false;
    if (!everything) return this.#publish(messages);
    try {
      await within(SEND_TIMEOUT_MS, this.#send([{ changed: 'everything' }]));
    } catch (error) {
      this.#log.warn({ err: error }, 'invalidation: not published; trying again');
      this.#everythingUnsent = true;
    }
  }

  /** @throws Error where Redis has not taken all. */
  async #send(messages: readonly z.input<typeof messageSchema>[]): Promise<void> {
    const pipeline = this.#publisher.pipeline();
    for (const message of messages) pipeline.publish(this.#channel, JSON.stringify(message));
    // A pipeline does not reject for its commands: each has its own error.
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  }
}
