/** The MongoDB connection of a process. */
import mongoose, { type Connection } from 'mongoose';
import type { Logger } from '../logging/logger.ts';

/** Durable on a majority, journaled: what "accepted" means (design: No message is lost). */
export const DURABLE = { writeConcern: { w: 'majority', j: true } } as const;

/**
 * Connects, or fails within a few seconds.
 * @param closing whether this process is letting go: the end of the connection is no news then.
 * @throws MongooseServerSelectionError when no server answers.
 */
export async function connectMongo(uri: string, log: Logger, closing = () => false): Promise<Connection> {
  const connection = mongoose.createConnection(uri, {
    serverSelectionTimeoutMS: 3_000,
    socketTimeoutMS: 30_000,
    maxPoolSize: 50,
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

/** Runs `work` in a transaction; retries on a write conflict as the driver does (transient transaction errors). */
export async function inTransaction<T>(
  connection: Connection,
  work: (session: mongoose.ClientSession) => Promise<T>,
): Promise<T> {
  const session = await connection.startSession();
  try {
    return await session.withTransaction(() => work(session), {
      readConcern: { level: 'snapshot' },
      ...DURABLE,
    });
  } finally {
    await session.endSession();
  }
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
