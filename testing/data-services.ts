/**
 * Vitest's global setup of the `int` and `e2e` projects: one MongoDB and one Redis for the whole run, their data
 * in a temporary folder. TEST_MONGODB_URI and TEST_REDIS_URL name servers that are running already.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type DataServices, provideDataServices } from '../platform/data-services/provide-data-services.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Without a database name; `freshDatabase()` gives one to each test file. */
    mongodbUri: string;
    redisUrl: string;
  }
}

/** What is installed for the data services is kept from run to run. */
const TOOLS_DIR = resolve(import.meta.dirname, '../node_modules/.cache/herald-tools');

/** Each project loads this module anew, so that what they share hangs on the process. */
interface Shared {
  projects: number;
  running: Promise<DataServices> | undefined;
}
const KEY = Symbol.for('herald.testing.data-services');
const holder = globalThis as { [KEY]?: Shared };
holder[KEY] ??= { projects: 0, running: undefined };
const shared = holder[KEY];

/** Starts the data services for the first project that asks, and stops them after the last. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.projects += 1;
  shared.running ??= start();
  const { mongodbUri, redisUrl } = await shared.running;
  project.provide('mongodbUri', mongodbUri);
  project.provide('redisUrl', redisUrl);
  return async () => {
    shared.projects -= 1;
    if (shared.projects > 0) return;
    const running = await shared.running;
    shared.running = undefined;
    await running?.stop();
  };
}

async function start(): Promise<DataServices> {
  const dataDir = await mkdtemp(join(tmpdir(), 'herald-test-'));
  const removeData = () => rm(dataDir, { recursive: true, force: true });
  try {
    const services = await provideDataServices({
      dataDir,
      toolsDir: TOOLS_DIR,
      allowDownload: false,
      mongodbUri: process.env.TEST_MONGODB_URI || undefined,
      redisUrl: process.env.TEST_REDIS_URL || undefined,
      onProgress: (text) => console.log(`data services: ${text}`),
    });
    console.log(`data services: ${services.found.mongo}; ${services.found.redis}`);
    const stop = async () => {
      await services.stop();
      await removeData();
    };
    return { ...services, stop };
  } catch (error) {
    await removeData();
    throw error;
  }
}
