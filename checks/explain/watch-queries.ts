/** Listens to what the driver really sends, so that the check follows the code and not a copy of its filters. */
import type { Connection, mongo } from 'mongoose';
import { costOf, problemOf } from './judge.ts';

/** A command that looks for documents, as it can be explained. */
export interface Query {
  readonly collection: string;
  readonly command: mongo.Document;
}

const LOOKING = ['find', 'count', 'aggregate', 'distinct', 'update', 'delete', 'findAndModify'] as const;
/** Of sessions and of how the answer is wanted: nothing that changes the plan. */
const NOT_EXPLAINED = [
  'lsid',
  'txnNumber',
  'autocommit',
  'startTransaction',
  '$clusterTime',
  '$db',
  '$readPreference',
  'readConcern',
  'writeConcern',
  'maxTimeMS',
];

/**
 * What `work` asks. Of queries that differ in their values only, the first and the last: a bulk write has hundreds.
 * @param connection made with `monitorCommands`.
 */
export async function queriesOf(connection: Connection, work: () => Promise<unknown>): Promise<Query[]> {
  const queries: Query[] = [];
  const listener = ({ commandName, command }: mongo.CommandStartedEvent) => {
    if (LOOKING.some((name) => name === commandName)) queries.push(...explainable(commandName, command));
  };
  const client = connection.getClient();
  client.on('commandStarted', listener);
  try {
    await work();
  } finally {
    client.off('commandStarted', listener);
  }
  const byShape = Map.groupBy(queries, ({ collection, command }) =>
    JSON.stringify([collection, shapeOf(command)]),
  );
  return [...byShape.values()].flatMap((same) =>
    [...new Set([same[0], same.at(-1)])].filter((q) => q !== undefined),
  );
}

/** The names in it, without values. */
function shapeOf(value: unknown): unknown {
  if (value instanceof Map) return shapeOf(Object.fromEntries(value));
  if (Array.isArray(value)) return [...new Set(value.map((entry) => JSON.stringify(shapeOf(entry))))];
  if (typeof value !== 'object' || value === null || value instanceof Date) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, shapeOf(entry)]));
}

/** As a person reads it. */
export const shown = ({ command }: Query): string =>
  JSON.stringify(command, (_key, value: unknown) =>
    value instanceof Map ? Object.fromEntries(value) : value,
  );

/** A bulk write is many queries: each is explained by itself. */
function explainable(name: string, sent: mongo.Document): Query[] {
  const command = Object.fromEntries(Object.entries(sent).filter(([key]) => !NOT_EXPLAINED.includes(key)));
  const collection = String(sent[name]);
  const many = name === 'update' ? 'updates' : name === 'delete' ? 'deletes' : undefined;
  if (many === undefined) return [{ collection, command }];
  return (sent[many] as mongo.Document[]).map((one) => ({
    collection,
    command: { ...command, [many]: [one] },
  }));
}

/**
 * The same without its limit, undefined where it has none. Not every engine stops at the limit (the Rust server finds
 * all that the filter matches first, whatever its explain says): a filter that is narrow by itself is cheap on all.
 */
export function unlimited({ collection, command }: Query): Query | undefined {
  const { limit, ...rest } = command;
  return limit === undefined ? undefined : { collection, command: { ...rest, singleBatch: false } };
}

export const explain = (connection: Connection, { command }: Query): Promise<mongo.Document> => {
  if (!connection.db) throw new Error('not connected');
  return connection.db.command({ explain: command, verbosity: 'executionStats' });
};

/**
 * Whether the server reads a sorted page off an index. The one of the PyPI wheel does not (it sorts in memory, whatever
 * the indexes): there is nothing for this check to find out there.
 */
export async function readsPagesOffIndexes(connection: Connection): Promise<boolean> {
  const probe = connection.collection('explain_probe');
  await probe.createIndex({ a: 1, b: 1 });
  await probe.insertMany(Array.from({ length: 10 }, (_, b) => ({ a: 1, b })));
  const [query] = await queriesOf(connection, () => probe.find({ a: 1 }).sort({ b: -1 }).limit(1).toArray());
  if (!query) throw new Error('the query was not seen');
  return problemOf(costOf(await explain(connection, query)), { limit: 10 }) === undefined;
}
