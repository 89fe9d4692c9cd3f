/** The event log on a Redis stream: append batches, read them from a position, follow its end. */
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

export class EventLog {
  readonly #redis: Redis;
  readonly #stream: string;
  readonly #log: Logger;
  readonly #outage: Outage;

  constructor(redis: Redis, stream: string, log: Logger) {
    this.#redis = redis;
    this.#stream = stream;
    this.#log = log;
    this.#outage = new Outage(log, 'event log: batches are not appended');
  }

  /**
   * Appends one batch. Never fails its caller: the store is the truth and the log can be rebuilt from it, so
   * that a Redis that is away costs liveliness, not a send. The first failure in a row is logged, and how many
   * there were.
   */
  async append(events: readonly HeraldEvent[]): Promise<void> {
    if (events.length === 0) return;
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
