/** The event log on a Redis stream: append batches, read them from a position, follow its end. */
import { setImmediate as endOfTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Logger } from '../logging/logger.ts';
import { Outage } from '../logging/outage.ts';
import { eventBatchSchema, type HeraldEvent } from './events.ts';

/** A batch as read: `id` is the stream id, which grows from batch to batch. */
export interface EventBatch {
  readonly id: string;
  readonly events: readonly HeraldEvent[];
}

/** Batches kept in the stream (about). What must survive is in MongoDB. */
const KEPT_BATCHES = 200_000;
/** From one batch to the next: what comes meanwhile goes together. A batch costs its readers more than an event. */
const GAP_MS = 20;

export class EventLog {
  readonly #redis: Redis;
  readonly #stream: string;
  readonly #log: Logger;
  readonly #outage: Outage;
  #waiting: HeraldEvent[] = [];
  /** The batch that collects. */
  #next: Promise<void> | undefined;
  readonly #open = new Set<Promise<void>>();
  #appendedAt = Number.NEGATIVE_INFINITY;

  constructor(redis: Redis, stream: string, log: Logger) {
    this.#redis = redis;
    this.#stream = stream;
    this.#log = log;
    this.#outage = new Outage(log, 'event log: batches are not appended');
  }

  /**
   * Appends events, together with others that come within a moment. Never fails its caller: the store is the truth and
   * the log can be rebuilt from it, so that a Redis that is away costs liveliness, not a send. The first failure in a
   * row is logged, and how many there were.
   * @returns when they are appended, or were not. Whoever has more to do need not wait: `close` does.
   */
  append(events: readonly HeraldEvent[]): Promise<void> {
    if (events.length === 0) return Promise.resolve();
    for (const event of events) this.#waiting.push(event);
    if (this.#next) return this.#next;
    const next = this.#appendSoon().finally(() => this.#open.delete(next));
    this.#open.add(next);
    this.#next = next;
    return next;
  }

  /** Waits for what is still to be appended. */
  async close(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }

  /** At once where nothing was appended for a while. */
  async #appendSoon(): Promise<void> {
    const leftMs = this.#appendedAt + GAP_MS - performance.now();
    await (leftMs > 0.5 ? sleep(leftMs) : endOfTurn());
    const events = this.#waiting;
    this.#waiting = [];
    this.#next = undefined;
    this.#appendedAt = performance.now();
    try {
      await this.#redis.xadd(this.#stream, 'MAXLEN', '~', KEPT_BATCHES, '*', 'batch', JSON.stringify(events));
      this.#outage.worked();
    } catch (error) {
      this.#outage.failed(error);
    }
  }

  /** The id of the newest batch, `0-0` for an empty log. */
  async end(): Promise<string> {
    const newest = await this.#redis.xrevrange(this.#stream, '+', '-', 'COUNT', 1);
    return newest[0]?.[0] ?? '0-0';
  }

  /**
   * Calls `onBatch` for every batch appended from now on, until `signal` aborts. `blocking` is a connection
   * of this reader alone. Survives a lost connection: it goes on from the last batch seen.
   * @param onStarted called once, when "from now on" has begun: nothing that is appended later is missed.
   */
  async follow(
    blocking: Redis,
    signal: AbortSignal,
    onBatch: (batch: EventBatch) => void,
    onStarted: () => void = () => undefined,
  ): Promise<void> {
    let position: string | undefined;
    while (!signal.aborted) {
      try {
        if (position === undefined) {
          position = await this.end();
          onStarted();
        }
        const answer = await blocking.xread('COUNT', 100, 'BLOCK', 1_000, 'STREAMS', this.#stream, position);
        for (const [, entries] of answer ?? [])
          for (const [id, fields] of entries) {
            position = id;
            onBatch(this.#decode(id, fields));
          }
      } catch (error) {
        if (signal.aborted) return;
        this.#log.warn({ err: error }, 'event log: reading failed; trying again');
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  #decode(id: string, fields: readonly string[]): EventBatch {
    try {
      return { id, events: eventBatchSchema.parse(JSON.parse(fields[fields.indexOf('batch') + 1] ?? '')) };
    } catch (error) {
      this.#log.error({ err: error, id }, 'event log: batch cannot be read');
      return { id, events: [] };
    }
  }
}
