/** Questions to a MongoDB: is it there, and is it a replica set? */
import mongoose from 'mongoose';
import { messageOf } from '../errors/message-of.ts';
import { LOOPBACK } from './free-port.ts';
import { within } from './within.ts';

/** The name of the replica set that Herald makes of its own mongod. */
export const REPLICA_SET = 'herald';

/** What `hello` says, as far as it matters here. https://www.mongodb.com/docs/manual/reference/command/hello/ */
export interface Hello {
  readonly setName?: string;
  readonly isWritablePrimary?: boolean;
  /** `isdbgrid` of a sharded cluster's router. */
  readonly msg?: string;
}

/** What `replSetGetConfig` says, as far as it matters here. */
export interface ReplicaSetConfig {
  readonly _id: string;
  readonly version: number;
  readonly members: readonly { readonly _id: number; readonly host: string }[];
}

/** What to do next with a server of ours so that it becomes the primary of its own replica set. */
export type ReplicaSetStep = 'ready' | 'initiate' | 'reconfigure' | 'wait';

/**
 * @param config undefined when the server has none yet.
 * @param host where the server listens now: its port may have changed since the set was made.
 */
export function nextReplicaSetStep(
  hello: Hello,
  config: ReplicaSetConfig | undefined,
  host: string,
): ReplicaSetStep {
  if (hello.setName !== undefined && hello.isWritablePrimary === true) return 'ready';
  if (config === undefined) return 'initiate';
  return config.members.length === 1 && config.members[0]?.host === host ? 'wait' : 'reconfigure';
}

/**
 * One step towards a usable server of ours.
 * @returns the replica set's name. @throws Error while it is not the primary of one.
 */
export async function settleReplicaSet(port: number): Promise<string> {
  const host = `${LOOPBACK}:${port}`;
  return withAdmin(`mongodb://${host}/?directConnection=true`, 2_000, async (command) => {
    const hello = (await command({ hello: 1 })) as Hello;
    if (hello.setName !== undefined && hello.isWritablePrimary === true) {
      await endTransactionsOfTheDead(command);
      return hello.setName;
    }
    const config = await replicaSetConfig(command);
    switch (nextReplicaSetStep(hello, config, host)) {
      case 'initiate':
        await command({ replSetInitiate: { _id: REPLICA_SET, members: [{ _id: 0, host }] } });
        break;
      case 'reconfigure':
        await command({
          replSetReconfig: {
            ...config,
            version: (config?.version ?? 0) + 1,
            members: [{ ...config?.members[0], host }],
          },
          force: true,
        });
        break;
    }
    throw new Error('it has no primary yet');
  });
}

/**
 * An open transaction outlives the process that was killed in it, and what it had changed can be changed by nobody
 * else meanwhile: 60 s by default. None of ours takes a second.
 */
const TRANSACTION_SECONDS = 5;

async function endTransactionsOfTheDead(command: Command): Promise<void> {
  try {
    await command({ setParameter: 1, transactionLifetimeLimitSeconds: TRANSACTION_SECONDS });
  } catch (error) {
    // A server that does not know the parameter is usable all the same.
    if (!(error instanceof mongoose.mongo.MongoServerError)) throw error;
  }
}

/** What the servers over WiredTiger answer to everything but greetings once it has given up. */
const STORAGE_PANIC = /WT_PANIC/;

/**
 * Whether a server of ours has lost its storage engine: after a full disk it goes on living, greets, and refuses all
 * else until it is started again. (mongod ends itself then.)
 * @returns a sentence, or nothing while it serves. @throws Error when it does not answer.
 */
export async function storageFailure(port: number): Promise<string | undefined> {
  const client = probeClient(`mongodb://${LOOPBACK}:${port}/?directConnection=true`, 2_000);
  try {
    await client.connect();
    await client
      .db('herald')
      .collection('none')
      .findOne({}, { projection: { _id: 1 } });
    return undefined;
  } catch (error) {
    if (error instanceof mongoose.mongo.MongoServerError && STORAGE_PANIC.test(error.message))
      return 'its storage engine has given up (is the disk full?)';
    throw error;
  } finally {
    await client.close();
  }
}

type Command = (command: Record<string, unknown>) => Promise<Record<string, unknown>>;

async function replicaSetConfig(command: Command): Promise<ReplicaSetConfig | undefined> {
  try {
    return (await command({ replSetGetConfig: 1 })).config as ReplicaSetConfig;
  } catch (error) {
    // NotYetInitialized
    if (error instanceof mongoose.mongo.MongoServerError && error.code === 94) return undefined;
    throw error;
  }
}

async function withAdmin<T>(
  uri: string,
  timeoutMs: number,
  work: (command: Command) => Promise<T>,
): Promise<T> {
  const client = probeClient(uri, timeoutMs);
  try {
    await client.connect();
    return await work((command) => client.db('admin').command(command));
  } finally {
    await client.close();
  }
}

const probeClient = (uri: string, timeoutMs: number) =>
  new mongoose.mongo.MongoClient(uri, {
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: timeoutMs,
    socketTimeoutMS: Math.max(timeoutMs, 5_000),
  });

/** Longest that the check of a given MONGODB_URI may take. */
export const MONGO_PROBE_MS = 5_000;

/**
 * Checks a MongoDB that Herald does not run.
 * @returns its hosts, without credentials.
 * @throws Error with a sentence that names the setting.
 */
export async function probeMongo(uri: string): Promise<string> {
  const hosts = hostsOf(uri);
  let hello: Hello;
  try {
    hello = await within(
      MONGO_PROBE_MS + 1_000,
      withAdmin(uri, MONGO_PROBE_MS, async (command) => (await command({ hello: 1 })) as Hello),
    );
  } catch (error) {
    const why = messageOf(error);
    throw new Error(
      `MONGODB_URI: no MongoDB answers at ${hosts} within ${MONGO_PROBE_MS / 1000} s (${why}).`,
      { cause: error },
    );
  }
  if (hello.setName === undefined && hello.msg !== 'isdbgrid')
    throw new Error(
      `MONGODB_URI: the MongoDB at ${hosts} is a standalone server. Herald needs transactions: start it with --replSet and run rs.initiate().`,
    );
  return hosts;
}

/** The hosts of a connection string; credentials stay out. */
export const hostsOf = (uri: string): string =>
  /^[a-z+]+:\/\/(?:[^@/]*@)?([^/?]+)/.exec(uri)?.[1] ?? 'the given address';
