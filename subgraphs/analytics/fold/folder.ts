/**
 * Folds the event log into rollups, each batch exactly once: the counts and the position in the log change in
 * one transaction, and only from the position that was read. So any number of processes may fold, and a crash
 * between two steps neither loses nor doubles a count.
 */
import type { ClientSession, Connection, Model } from 'mongoose';
import { isDuplicateKeyError } from '../../../platform/errors/data-service-errors.ts';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { RedisLock } from '../../../platform/storage/redis-lock.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import type { AnalyticsModels, RollupRecord } from '../store/models.ts';
import { type Counts, fold } from './fold.ts';

const CURSOR = 'delivery-events';
const START = '0-0';
const MAX_BATCHES = 200;
const IDLE_MS = 250;
const AFTER_FAILURE_MS = 1_000;

export class Folder {
  readonly #connection: Connection;
  readonly #models: AnalyticsModels;
  readonly #events: EventLog;
  readonly #lock: RedisLock;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(deps: { connection: Connection; models: AnalyticsModels; events: EventLog; lock: RedisLock; log: Logger }) {
    this.#connection = deps.connection;
    this.#models = deps.models;
    this.#events = deps.events;
    this.#lock = deps.lock;
    this.#log = deps.log;
  }

  start(): void {
    this.#running ??= this.#loop();
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /**
   * Folds what is next in the log.
   * @returns batches folded; 0 when there is nothing new, or another process was faster.
   */
  async foldNext(): Promise<number> {
    const position = await this.#position();
    const batches = await this.#events.read(position, MAX_BATCHES);
    const last = batches.at(-1);
    if (!last) {
      await this.#startOverAfterLoss(position);
      return 0;
    }
    const { minutes, totals } = fold(batches.flatMap((batch) => batch.events));
    const moved = await inTransaction(this.#connection, async (session) => {
      if (!(await this.#move(position, last.id, session))) return false;
      await increment(this.#models.minutes, minutes, session);
      await increment(this.#models.totals, totals, session);
      return true;
    });
    return moved ? batches.length : 0;
  }

  async #position(): Promise<string> {
    const cursor = await this.#models.cursors.findById(CURSOR).lean<{ position: string }>();
    if (cursor) return cursor.position;
    try {
      await this.#models.cursors.collection.insertOne({ _id: CURSOR as never, position: START });
    } catch (error) {
      if (!isDuplicateKeyError(error)) throw error;
    }
    return START;
  }

  async #move(from: string, to: string, session?: ClientSession): Promise<boolean> {
    const { matchedCount } = await this.#models.cursors.collection.updateOne(
      { _id: CURSOR as never, position: from },
      { $set: { position: to } },
      session ? { session } : {},
    );
    return matchedCount === 1;
  }

  /** A log that was wiped may begin again below the position (a clock that was set back): then it is read from its beginning. */
  async #startOverAfterLoss(position: string): Promise<void> {
    const end = await this.#events.end();
    if (end === START || !isBefore(end, position)) return;
    this.#log.warn({ position, end }, 'analytics: the event log begins anew; counting from its beginning');
    await this.#move(position, START);
  }

  async #loop(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      let pauseMs = IDLE_MS;
      try {
        if (await this.#lock.hold()) pauseMs = (await this.foldNext()) > 0 ? 0 : IDLE_MS;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#log.warn({ err: error }, 'analytics: folding failed; trying again');
        pauseMs = AFTER_FAILURE_MS;
      }
      if (pauseMs > 0) await pause(pauseMs, this.#stopping.signal);
    }
  }
}

async function increment(
  model: Model<RollupRecord>,
  increments: ReadonlyMap<string, Counts>,
  session: ClientSession,
): Promise<void> {
  if (increments.size === 0) return;
  await model.collection.bulkWrite(
    [...increments].map(([key, counts]) => ({
      updateOne: {
        filter: { _id: key as never },
        update: { $inc: Object.fromEntries(Object.entries(counts).map(([state, n]) => [`counts.${state}`, n])) },
        upsert: true,
      },
    })),
    { session, ordered: true },
  );
}

/** Stream ids are two numbers: milliseconds and a sequence. */
function isBefore(a: string, b: string): boolean {
  const [aMs = 0, aSeq = 0] = a.split('-').map(Number);
  const [bMs = 0, bSeq = 0] = b.split('-').map(Number);
  return aMs < bMs || (aMs === bMs && aSeq < bSeq);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
