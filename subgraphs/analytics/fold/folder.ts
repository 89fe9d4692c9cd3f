/**
 * Adds what is in the ledger to the rollups, each entry exactly once: the entry goes and the counts grow in one
 * transaction. So any number of processes may fold, and a crash between two steps neither loses nor doubles a count.
 */
import type { ClientSession, Connection, Model } from 'mongoose';
import { readLedger, takeOut } from '../../../platform/event-log/tally-ledger.ts';
import { ElectedLoop } from '../../../platform/lifecycle/elected-loop.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import type { RedisLock } from '../../../platform/storage/redis-lock.ts';
import type { AnalyticsModels, RollupRecord } from '../store/models.ts';
import { type Counts, fold } from './fold.ts';

const MAX_ENTRIES = 2_000;
const IDLE_MS = 250;

export class Folder {
  readonly #connection: Connection;
  readonly #models: AnalyticsModels;
  readonly #loop: ElectedLoop;

  constructor(deps: { connection: Connection; models: AnalyticsModels; lock: RedisLock; log: Logger }) {
    this.#connection = deps.connection;
    this.#models = deps.models;
    this.#loop = new ElectedLoop({
      name: 'analytics',
      lock: deps.lock,
      idleMs: IDLE_MS,
      round: async () => (await this.foldNext()) === MAX_ENTRIES,
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
   * Folds what is in the ledger.
   * @returns entries folded; 0 when there are none, or another process was faster.
   */
  async foldNext(): Promise<number> {
    const entries = await readLedger(this.#connection, MAX_ENTRIES);
    if (entries.length === 0) return 0;
    const { minutes, totals } = fold(entries.flatMap(({ tallies }) => tallies));
    try {
      await inTransaction(this.#connection, async (session) => {
        if ((await takeOut(this.#connection, entries, session)) !== entries.length) throw new Overtaken();
        await increment(this.#models.minutes, minutes, session);
        await increment(this.#models.totals, totals, session);
      });
    } catch (error) {
      if (error instanceof Overtaken) return 0;
      throw error;
    }
    return entries.length;
  }
}

/** Some of the entries were folded by another process: this one starts again from what is left. */
class Overtaken extends Error {}

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
