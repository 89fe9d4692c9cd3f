/** Starts what is measured: data services, gateway and dispatcher, each a process of its own. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../../platform/config/settings.ts';
import { freePort } from '../../platform/data-services/free-port.ts';
import { provideDataServices } from '../../platform/data-services/provide-data-services.ts';
import { provideSecrets } from '../../platform/secrets/secrets.ts';
import { proportionalBytes } from './memory.ts';

export interface Platform {
  readonly url: string;
  readonly operatorKey: string;
  /** What the data services are, for the report. */
  readonly engines: string;
  readonly mongodbUri: string;
  readonly redisUrl: string;
  readonly gatewayPid: number;
  /** Of its processes, for one that joins them. */
  readonly env: NodeJS.ProcessEnv;
  /** @param name `dispatcher`, or `no-op-dispatcher`, whose e-mails go nowhere. */
  startDispatcher(name?: string): Promise<void>;
  stopDispatcher(): Promise<void>;
  /** Deliveries whose outcome the dispatcher has stored since it was started. */
  recorded(): Promise<number>;
  /** Collects the gateway's garbage. */
  settle(): Promise<void>;
  /** Bytes of memory of each role, shared pages divided. */
  memory(): Promise<Readonly<Record<string, number>>>;
  stop(): Promise<void>;
}

/** @param settings of the roles, besides those that they need. */
export async function startPlatform(settings: Readonly<Record<string, string>> = {}): Promise<Platform> {
  const dataDir = await mkdtemp(join(tmpdir(), 'herald-bench-'));
  const services = await provideDataServices({
    dataDir,
    allowDownload: false,
    mongodbUri: process.env.TEST_MONGODB_URI || undefined,
    redisUrl: process.env.TEST_REDIS_URL || undefined,
    onProgress: (text: string) => process.stderr.write(`  ${text}\n`),
  });
  const { values } = await provideSecrets(dataDir, loadSettings({}));
  const port = await freePort();
  const env = {
    ...process.env,
    ...values,
    ...settings,
    MONGODB_URI: services.mongodbUri,
    REDIS_URL: services.redisUrl,
    PORT: String(port),
    LOG_LEVEL: 'warn',
    NODE_ENV: 'production',
  };
  const gateway = await role('gateway', env);
  let dispatcher: ChildProcess | undefined;
  const stopDispatcher = async () => {
    await end(dispatcher);
    dispatcher = undefined;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    operatorKey: values.HERALD_ADMIN_KEY ?? '',
    engines: `${services.found.mongo}; ${services.found.redis}`,
    mongodbUri: services.mongodbUri,
    redisUrl: services.redisUrl,
    gatewayPid: gateway.pid ?? 0,
    env,
    startDispatcher: async (name = 'dispatcher') => {
      dispatcher ??= await role(name, env);
    },
    stopDispatcher,
    recorded: async () => {
      if (!dispatcher) throw new Error('no dispatcher runs');
      const said = once(dispatcher, 'message');
      dispatcher.send('recorded');
      const [{ recorded }] = (await said) as [{ recorded: number }];
      return recorded;
    },
    settle: () => settled(gateway),
    memory: async () => ({
      gateway: await proportionalBytes(gateway.pid),
      ...(dispatcher && { dispatcher: await proportionalBytes(dispatcher.pid) }),
    }),
    stop: async () => {
      await stopDispatcher();
      await end(gateway);
      await services.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A child that says by message when it is ready. */
export function forked<T>(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ child: ChildProcess; said: T }> {
  const child = fork(join(import.meta.dirname, '../servers', file), args, {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    child.once('message', (said) => resolve({ child, said: said as T }));
    child.once('exit', (code) => reject(new Error(`${file} ended with code ${code} before it was ready`)));
  });
}

/** Has a child collect its garbage. */
export async function settled(child: ChildProcess): Promise<void> {
  const said = once(child, 'message');
  child.send('settle');
  await said;
}

const role = async (name: string, env: NodeJS.ProcessEnv): Promise<ChildProcess> =>
  (await forked('role.ts', [name], env)).child;

export async function end(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exited;
}
