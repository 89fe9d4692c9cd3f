/**
 * The ledger of tallies: what has happened to deliveries and is not counted in the rollups yet. A tally is entered by
 * the transaction that changes the deliveries, and taken out by the one that adds it to the rollups. So counts are
 * exact for what is stored: no crash and no loss of Redis can make them miss an event or count it twice.
 */
import type { ClientSession, Connection, mongo } from 'mongoose';
import type { HeraldEvent } from './events.ts';
import { type Tally, talliesOf } from './tallies.ts';

/** What one transaction entered. */
export interface LedgerEntry {
  readonly _id: mongo.ObjectId;
  readonly tallies: readonly Tally[];
}
type NewEntry = Omit<LedgerEntry, '_id'>;

const COLLECTION = 'delivery_tallies';

/** Makes the collection: transactions cannot make it everywhere. */
export async function prepareLedger(connection: Connection): Promise<void> {
  try {
    await connection.createCollection(COLLECTION);
  } catch (error) {
    if (!isNamespaceExists(error)) throw error;
  }
}

/** @param session of the transaction in which the deliveries change as `events` tell. */
export async function enterTallies(
  connection: Connection,
  events: readonly HeraldEvent[],
  session: ClientSession,
): Promise<void> {
  const tallies = talliesOf(events);
  if (tallies.length > 0)
    await connection.collection<NewEntry>(COLLECTION).insertOne({ tallies }, { session });
}

/** Some of what is in the ledger. */
export const readLedger = (connection: Connection, limit: number): Promise<LedgerEntry[]> =>
  connection.collection<LedgerEntry>(COLLECTION).find({}).limit(limit).toArray();

/** @returns how many of the entries were still there. */
export async function takeOut(
  connection: Connection,
  entries: readonly LedgerEntry[],
  session: ClientSession,
): Promise<number> {
  const ids = entries.map(({ _id }) => _id);
  const { deletedCount } = await connection
    .collection<LedgerEntry>(COLLECTION)
    .deleteMany({ _id: { $in: ids } }, { session });
  return deletedCount;
}

const isNamespaceExists = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 48;
