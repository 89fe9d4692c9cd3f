/**
 * A lock for work that one process at a time does and that writes to MongoDB. The Redis lock elects; each election
 * takes the next number from MongoDB, and each write that matters checks, in its own transaction, that its number is
 * still the newest. So a process that was stopped in the middle and wakes up when another one has been elected
 * changes nothing, and neither does one of two that Redis elected at once (FLUSHALL, a failover).
 */
import type { ClientSession, Collection, Connection } from 'mongoose';
import { inTransaction } from './mongo.ts';
import type { RedisLock } from './redis-lock.ts';

/**
 * Call it first in a transaction: it fails the transaction when the turn is over.
 * @throws TurnLostError.
 */
export type Guard = (session: ClientSession) => Promise<void>;

/** Another process was elected: what was to be written is not. */
export class TurnLostError extends Error {
  override readonly name = 'TurnLostError';
}

/** The newest election of a task. */
interface ElectionRecord {
  readonly _id: string;
  /** Grows by one with each election. */
  readonly token: number;
  /** Writes of this turn: what changes in every transaction that checks, so that a new election conflicts with it. */
  readonly writes: number;
}

export class FencedLock {
  readonly #lock: RedisLock;
  readonly #connection: Connection;
  readonly #elections: Collection<ElectionRecord>;
  readonly #task: string;
  #token: number | undefined;

  /** @param task the record's id in the collection `elections`. */
  constructor(lock: RedisLock, connection: Connection, task: string) {
    this.#lock = lock;
    this.#connection = connection;
    this.#elections = connection.collection<ElectionRecord>('elections');
    this.#task = task;
  }

  /** The number of this process's turn; undefined while it has none. */
  get token(): number | undefined {
    return this.#token;
  }

  /** Whether it is this process's turn. @throws when Redis or MongoDB does not answer. */
  async hold(): Promise<boolean> {
    const answer = await this.#lock.take();
    if (answer === 'held by another') {
      this.#token = undefined;
      return false;
    }
    if (answer === 'taken' || this.#token === undefined) this.#token = await this.#nextToken();
    return true;
  }

  async release(): Promise<void> {
    this.#token = undefined;
    await this.#lock.release();
  }

  /** For the writes of one round: bound to the turn of now, whatever comes later. */
  guard(): Guard {
    const token = this.#token;
    return async (session) => {
      const { matchedCount } =
        token === undefined
          ? { matchedCount: 0 }
          : await this.#elections.updateOne({ _id: this.#task, token }, { $inc: { writes: 1 } }, { session });
      if (matchedCount === 1) return;
      if (this.#token === token) this.#token = undefined;
      throw new TurnLostError(`${this.#task}: another process was elected in the meantime`);
    };
  }

  #nextToken(): Promise<number> {
    return inTransaction(this.#connection, async (session) => {
      const record = await this.#elections.findOneAndUpdate(
        { _id: this.#task },
        { $inc: { token: 1 }, $set: { writes: 0 } },
        { upsert: true, returnDocument: 'after', session },
      );
      if (!record) throw new Error(`There is no election of ${this.#task}.`);
      return record.token;
    });
  }
}
