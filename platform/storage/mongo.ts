/** The MongoDB connection of a process. */
import mongoose, { type Connection } from 'mongoose';
import { within } from '../data-services/within.ts';
import { TransactionTimeoutError } from '../errors/data-service-errors.ts';
import type { Logger } from '../logging/logger.ts';

/** Durable on a majority, journaled: what "accepted" means (design: No message is lost). */
export const DURABLE = { writeConcern: { w: 'majority', j: true } } as const;

/**
 * How soon a MongoDB that is away, or a link that swallows everything, is noticed. The time-outs of operations do
 * not decide it: an honest one may take its time. The monitor does, which asks the server each second: no answer
 * for 3 s, and all connections to it are dropped and what waits on them fails. With the second until it asks and
 * the 3 s that follow to find the server again, a caller hears UNAVAILABLE after 4 to 10 s, and while it is
 * known to be away within 3 s.
 */
const LINK = {
  heartbeatFrequencyMS: 1_000,
  /** Of the monitor's question, and of a new connection with its handshake. */
  connectTimeoutMS: 3_000,
  /** Long enough for a restart of the server or an election to pass unnoticed, most times. */
  serverSelectionTimeoutMS: 3_000,
  /** A single connection that died alone (a firewall forgot it): the monitor's own does not tell. */
  socketTimeoutMS: 20_000,
  /** Those that are not used for a minute are closed, before firewalls and load balancers forget them. */
  maxIdleTimeMS: 60_000,
  maxPoolSize: 50,
  /** All 50 busy for so long is an overload, which callers must hear of. */
  waitQueueTimeoutMS: 10_000,
} as const;

/**
 * Connects, or fails within a few seconds.
 * @param closing whether this process is letting go: the end of the connection is no news then.
 * @throws MongooseServerSelectionError when no server answers.
 */
export async function connectMongo(uri: string, log: Logger, closing = () => false): Promise<Connection> {
  const connection = mongoose.createConnection(uri, {
    ...LINK,
    bufferCommands: false,
    autoIndex: false,
    autoCreate: false,
    ...(new URL(uri).pathname.length > 1 ? {} : { dbName: 'herald' }),
    ...DURABLE,
  });
  connection.on('disconnected', () => {
    if (!closing()) log.warn('MongoDB: connection lost');
  });
  connection.on('reconnected', () => log.info('MongoDB: connected again'));
  await connection.asPromise();
  return connection;
}

/** How long a transaction may begin again after conflicts and lost connections; the driver's own bound is 120 s. */
const TRANSACTION_MS = 20_000;
/** With the last one that began in time, and its commit, each as long as a socket may be silent. */
const LONGEST_TRANSACTION_MS = 60_000;

/**
 * Runs `work` in a transaction; retries on a write conflict as the driver does (transient transaction errors).
 * @throws TransactionTimeoutError when it had to begin again for too long; its cause is the last failure. NoAnswerError
 * where the driver never comes back: what was to be written may be.
 */
export async function inTransaction<T>(
  connection: Connection,
  work: (session: mongoose.ClientSession) => Promise<T>,
): Promise<T> {
  const session = await connection.startSession();
  const deadline = performance.now() + TRANSACTION_MS;
  let last: unknown;
  const whole = session.withTransaction(
    async () => {
      if (last !== undefined && performance.now() > deadline) throw new TransactionTimeoutError(last);
      try {
        return await work(session);
      } catch (error) {
        last = error;
        throw error;
      }
    },
    { readConcern: { level: 'snapshot' }, ...DURABLE },
  );
  return within(
    LONGEST_TRANSACTION_MS,
    whole.finally(() => session.endSession()),
  );
}

/**
 * Updates many documents in a transaction of its own. For collections that longer transactions write too: there,
 * every update of many goes this way. A conflict then makes this one start again; a plain `updateMany` waits for
 * the other transaction instead, and the embedded server of the PyPI wheel holds the collection's lock while it
 * waits, which the other one needs to end.
 * @returns documents changed.
 */
export function updateManyApart<T extends mongoose.mongo.Document>(
  connection: Connection,
  collection: mongoose.mongo.Collection<T>,
  filter: mongoose.mongo.Filter<T>,
  update: mongoose.mongo.UpdateFilter<T>,
): Promise<number> {
  return inTransaction(
    connection,
    async (session) => (await collection.updateMany(filter, update, { session })).modifiedCount,
  );
}
