/** `npm start` for a test: the whole platform on a data folder, a database and a namespace of its own. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { dataFolderOwner } from '../../platform/data-services/data-folder-lock.ts';
import { readSecrets } from '../../platform/secrets/secrets.ts';
import { type FreshDatabase, freshDatabase } from '../../testing/fresh.ts';
import { Graph } from './graph.ts';
import { HeraldProcess, isReady } from './herald-process.ts';

export class Platform {
  readonly database: FreshDatabase;
  readonly #settings: Readonly<Record<string, string>>;
  #dataDir = '';
  #process: HeraldProcess | undefined;
  #url = '';
  #operatorKey = '';
  #appKey = '';

  constructor(database: FreshDatabase, settings: Readonly<Record<string, string>>) {
    this.database = database;
    this.#settings = settings;
  }

  /** Of the gateway, without a path. */
  get url(): string {
    return this.#url;
  }
  get operatorKey(): string {
    return this.#operatorKey;
  }
  /** As the first operator. */
  get operator(): Graph {
    return new Graph(this.#url, this.#operatorKey);
  }
  /** As the demo app. */
  get app(): Graph {
    return new Graph(this.#url, this.#appKey);
  }
  /** As a person, by a token that the demo app asks for. */
  async user(id: string): Promise<Graph> {
    const { createUserToken } = await this.app.data<{ createUserToken: { token: string } }>(
      'mutation Token($user: ID!) { createUserToken(user: $user) { token } }',
      { user: id },
    );
    return new Graph(this.#url, createUserToken.token);
  }

  /** Starts it, or starts it again on the same data. */
  async start(): Promise<void> {
    this.#dataDir ||= await mkdtemp(join(tmpdir(), 'herald-e2e-'));
    const { mongodbUri, redisUrl, namespace } = this.database;
    this.#process = new HeraldProcess(['start'], {
      PORT: '0',
      HERALD_DATA_DIR: this.#dataDir,
      HERALD_NAMESPACE: namespace,
      MONGODB_URI: mongodbUri,
      REDIS_URL: redisUrl,
      ...this.#settings,
    });
    try {
      this.#url = await this.#process.until('start', async () => {
        const url = (await dataFolderOwner(this.#dataDir))?.url;
        return url !== undefined && (await isReady(url)) ? url : undefined;
      });
    } catch (error) {
      await this.#process.stop();
      throw new Error(`${error instanceof Error ? error.message : error}\n${await this.logs()}`);
    }
    const secrets = await readSecrets(this.#dataDir);
    this.#operatorKey = secrets.HERALD_ADMIN_KEY ?? '';
    this.#appKey = secrets.HERALD_DEMO_APP_KEY ?? '';
  }

  /** By SIGTERM. @returns its exit code. */
  async stop(): Promise<number | NodeJS.Signals | null> {
    return (await this.#process?.stop()) ?? null;
  }

  /** The process id of a part of it. */
  async pidOf(role: 'gateway' | 'dispatcher'): Promise<number | undefined> {
    const owner = await dataFolderOwner(this.#dataDir);
    return owner?.children.find(({ name }) => name === role)?.pid;
  }

  /** What its processes wrote down, and what it said. */
  async logs(): Promise<string> {
    const files = ['gateway.log', 'dispatcher.log'].map((name) =>
      readFile(join(this.#dataDir, 'logs', name), 'utf8').catch(() => ''),
    );
    return [this.#process?.output ?? '', ...(await Promise.all(files))].join('\n');
  }

  async remove(): Promise<void> {
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}

/** Call it at the top of a `describe` or file: it starts before the tests there, and must end well after them. */
export function usePlatform(settings: Readonly<Record<string, string>> = {}): Platform {
  const platform = new Platform(freshDatabase(), settings);
  let failed = false;
  beforeAll(() => platform.start());
  afterEach(({ task }) => {
    failed ||= task.result?.state === 'fail';
  });
  afterAll(async () => {
    const code = await platform.stop();
    const logs = await platform.logs();
    await platform.remove();
    if (failed) console.log(logs);
    expect(code, logs).toBe(0);
  });
  return platform;
}
