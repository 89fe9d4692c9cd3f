/**
 * Folds the event log into rollups, each batch exactly once: the counts and the position in the log change in
 * one transaction, and only from the position that was read. So any number of processes may fold, and a crash
 * between two steps neither loses nor doubles a count.
 */
import type { ClientSession, Connection, Model } from 'mongoose';
import { isDuplicateKeyError } from '../../../platform/errors/data-service-errors.ts';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import { ElectedLoop } from '../../../platform/lifecycle/elected-loop.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import type { RedisLock } from '../../../platform/storage/redis-lock.ts';
import type { AnalyticsModels, CursorRecord, RollupRecord } from '../store/models.ts';
import { type Counts, fold } from './fold.ts';
import { isBefore, nextMarks, predecessor, START } from './log-position.ts';

const CURSOR = 'delivery-events';
const MAX_BATCHES = 200;
const IDLE_MS = 250;

export class Folder {
  readonly #connection: Connection;
  readonly #models: AnalyticsModels;
  readonly #events: EventLog;
  readonly #log: Logger;
  readonly #loop: ElectedLoop;

  constructor(deps: {
    connection: Connection;
    models: AnalyticsModels;
    events: EventLog;
    lock: RedisLock;
    log: Logger;
  }) {
    this.#connection = deps.connection;
    this.#models = deps.models;
    this.#events = deps.events;
    this.#log = deps.log;
    this.#loop = new ElectedLoop({
      name: 'analytics',
      lock: deps.lock,
      idleMs: IDLE_MS,
      round: async () => (await this.foldNext()) > 0,
      log: deps.log,
    });
  }

  start(): void {
    this.#loop.start();
  }

  close(): Promise<void> {
    return this.#loop.close();
  }

  /**
   * Folds what is next in the log.
   * @returns batches folded; 0 when there is nothing new, or another process was faster.
   */
  async foldNext(): Promise<number> {
    const { position, marks } = await this.#cursor();
    const batches = await this.#events.read(position, MAX_BATCHES);
    const first = batches[0];
    const last = batches.at(-1);
    if (!first || !last) {
      await this.#startOverAfterLoss(position, marks);
      return 0;
    }
    const { minutes, totals } = fold(batches.flatMap((batch) => batch.events));
    const moved = await inTransaction(this.#connection, async (session) => {
      if (!(await this.#move(position, last.id, nextMarks(marks, first.id), session))) return false;
      await increment(this.#models.minutes, minutes, session);
      await increment(this.#models.totals, totals, session);
      return true;
    });
    return moved ? batches.length : 0;
  }

  async #cursor(): Promise<{ position: string; marks: readonly string[] }> {
    const cursor = await this.#models.cursors.findById(CURSOR).lean<CursorRecord>();
    if (cursor) return { position: cursor.position, marks: cursor.marks ?? [] };
    try {
      await this.#models.cursors.collection.insertOne({ _id: CURSOR as never, position: START });
    } catch (error) {
      if (!isDuplicateKeyError(error)) throw error;
    }
    return { position: START, marks: [] };
  }

  async #move(from: string, to: string, marks: readonly string[], session?: ClientSession): Promise<boolean> {
    const { matchedCount } = await this.#models.cursors.collection.updateOne(
      { _id: CURSOR as never, position: from },
      { $set: { position: to, marks } },
      session ? { session } : {},
    );
    return matchedCount === 1;
  }

  /**
   * The log may end before the position. Either Redis was killed and lost the last second: what is left has been
   * counted, and counting goes on at its end. Or the log was wiped and begins again lower (a clock that was set
   * back): then it is counted from its beginning.
   */
  async #startOverAfterLoss(position: string, marks: readonly string[]): Promise<void> {
    const end = await this.#events.end();
    if (end === START || !isBefore(end, position)) return;
    if (await this.#holdsOneOf(marks)) {
      this.#log.warn(
        { position, end },
        'analytics: the end of the event log was lost; going on from what is left',
      );
      await this.#move(position, end, marks);
      return;
    }
    this.#log.warn({ position, end }, 'analytics: the event log begins anew; counting from its beginning');
    await this.#move(position, START, []);
  }

  async #holdsOneOf(marks: readonly string[]): Promise<boolean> {
    for (const mark of marks) {
      const [batch] = await this.#events.read(predecessor(mark), 1);
      if (batch?.id === mark) return true;
    }
    return false;
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
        update: {
          $inc: Object.fromEntries(Object.entries(counts).map(([state, n]) => [`counts.${state}`, n])),
        },
        upsert: true,
      },
    })),
    { session, ordered: true },
  );
}
