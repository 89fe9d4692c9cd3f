/**
 * `herald start`: provides the data services, runs the gateway (with the subgraphs) and the dispatcher (with the
 * scheduler) as child processes, mends what dies, and stops all in order.
 */
import { getCompileCacheDir } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../platform/config/environment.ts';
import { DEFAULT_PORTS } from '../../platform/config/roles.ts';
import { loadSettings, type Settings } from '../../platform/config/settings.ts';
import { DataFolderLock } from '../../platform/data-services/data-folder-lock.ts';
import { freePort } from '../../platform/data-services/free-port.ts';
import { endProcess, type RecordedProcess } from '../../platform/data-services/process-identity.ts';
import {
  type DataServices,
  provideDataServices,
} from '../../platform/data-services/provide-data-services.ts';
import { messageOf } from '../../platform/errors/message-of.ts';
import { settleMemory } from '../../platform/lifecycle/settle-memory.ts';
import { SAME_SIGNAL_MS } from '../../platform/lifecycle/shutdown.ts';
import { provideSecrets, type Secrets } from '../../platform/secrets/secrets.ts';
import { style, wantsColours } from '../terminal/style.ts';
import { claimPort, localUrl } from './addresses.ts';
import type { CurlCredential } from './curl-example.ts';
import { LogTail, WARNING } from './log-tail.ts';
import { type Output, Progress } from './progress.ts';
import { isServed, untilReady } from './readiness.ts';
import { RoleProcess } from './role-process.ts';
import { channelProviders, screenLines } from './screen.ts';

/** The processes of `herald start`. */
const CHILDREN = ['gateway', 'dispatcher'] as const;
type ChildRole = (typeof CHILDREN)[number];

export interface SupervisorOptions {
  readonly env: Environment;
  readonly output: Output;
  readonly version: string;
  /** The program of a child process: it is run with the role as its argument. Default: `child.ts` beside this file. */
  readonly childProgram?: string;
}

const START_MS = 60_000;
/** A role ends by itself within SHUTDOWN_TIMEOUT_MS; what takes longer hangs. */
const KILL_AFTER_MS = 3_000;
/** How long a stop waits for data services that are just being started. */
const STARTING_MS = 3_000;
/** How long a second Ctrl-C waits for the data services, which have been asked to end. */
const HURRY_MS = 2_000;

/** Starts Herald. The process then runs until a signal: 0 after a clean stop. @throws SettingsError, CommandFailure … */
export async function startSupervisor(options: SupervisorOptions): Promise<void> {
  process.title = 'herald';
  const supervisor = new Supervisor(options, loadSettings(options.env));
  await supervisor.run();
}

class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #settings: Settings;
  readonly #dataDir: string;
  readonly #progress: Progress;
  readonly #stopped = new AbortController();
  readonly #running = new Map<ChildRole, RecordedProcess>();
  readonly #logs: LogTail[] = [];
  #roles: RoleProcess[] = [];
  #lock: DataFolderLock | undefined;
  #providing: Promise<DataServices> | undefined;
  #services: DataServices | undefined;
  #stopping: Promise<void> | undefined;
  #signalledAt: number | undefined;
  #hurried = false;

  constructor(options: SupervisorOptions, settings: Settings) {
    this.#options = options;
    this.#settings = settings;
    this.#dataDir = resolve(settings.HERALD_DATA_DIR);
    this.#progress = new Progress(options.output, style(wantsColours(options.output, options.env)));
  }

  async run(): Promise<void> {
    const onSignal = () => this.#onSignal();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
    try {
      await this.#start();
    } catch (error) {
      // A stop in the middle of the start makes the start fail; the stop ends the process.
      if (this.#stopping) return;
      await this.#stop();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const lock = await DataFolderLock.acquire(this.#dataDir);
    this.#lock = lock;
    for (const left of lock.leftBehind) {
      this.#progress.step(`stopping the ${left.name} that an earlier start had left running`);
      await endProcess(left, this.#settings.SHUTDOWN_TIMEOUT_MS);
    }
    const port = await claimPort(this.#settings.HOST, this.#settings.PORT ?? DEFAULT_PORTS.gateway);
    const url = localUrl(this.#settings.HOST, port);
    const secrets = await provideSecrets(this.#dataDir, this.#settings);
    this.#throwIfStopped();
    this.#providing = provideDataServices({
      dataDir: this.#dataDir,
      mongodbUri: this.#settings.MONGODB_URI,
      redisUrl: this.#settings.REDIS_URL,
      env: this.#options.env,
      lock,
      onProgress: (text) => (this.#services === undefined ? this.#progress.step(text) : this.#event(text)),
    });
    const services = await this.#providing;
    this.#services = services;
    this.#throwIfStopped();
    await this.#startRoles(url, {
      ...secrets.values,
      HERALD_DATA_DIR: this.#dataDir,
      MONGODB_URI: services.mongodbUri,
      REDIS_URL: services.redisUrl,
      PORT: String(port),
      DISPATCHER_URL: `http://127.0.0.1:${await freePort()}`,
    });
    this.#throwIfStopped();
    await lock.update({ url });
    this.#progress.print('', ...(await this.#screen(url, services, secrets)));
    settleMemory();
  }

  #throwIfStopped(): void {
    this.#stopped.signal.throwIfAborted();
  }

  async #startRoles(url: string, given: Environment): Promise<void> {
    this.#progress.step('starting the gateway and the dispatcher');
    const program = this.#options.childProgram ?? fileURLToPath(new URL('./child.ts', import.meta.url));
    for (const name of CHILDREN) {
      const logFile = join(this.#dataDir, 'logs', `${name}.log`);
      this.#roles.push(
        new RoleProcess({
          name,
          command: process.execPath,
          args: [program, name],
          env: { ...this.#options.env, ...compileCache(), ...given },
          logFile,
          onEvent: (text) => this.#event(text),
          onProcess: (running) => this.#onProcess(name, running),
        }),
      );
    }
    await Promise.all(
      this.#roles.map(async (role) => {
        const log = this.#logOf(role.name);
        this.#logs.push(log);
        await log.start();
        await role.start(START_MS);
      }),
    );
    await untilReady(url, START_MS, this.#stopped.signal);
  }

  #logOf(name: string): LogTail {
    const path = join(this.#dataDir, 'logs', `${name}.log`);
    return new LogTail(path, this.#shown(path), (text) => {
      // Connections that end are no news while all ends; the log has them.
      if (!(this.#stopping && text.startsWith(WARNING))) this.#event(`${name}: ${text}`);
    });
  }

  /** Kept in the data folder, so that the next start finds what a killed one leaves. */
  #onProcess(role: ChildRole, running: RecordedProcess | undefined): void {
    if (running) this.#running.set(role, running);
    else this.#running.delete(role);
    const children = [...this.#running].map(([name, recorded]) => ({ name, ...recorded }));
    this.#lock
      ?.update({ children })
      .catch((error: Error) => this.#event(`the data folder cannot be written: ${error.message}`));
  }

  async #screen(url: string, services: DataServices, secrets: Secrets): Promise<string[]> {
    const { env, output, version } = this.#options;
    const graph = `${url}/graphql`;
    const pages = [
      ...(this.#settings.HERALD_DEMO === 'off'
        ? []
        : [{ name: 'Inbox', url: `${url}/inbox`, about: 'a live demo: send, and see it arrive' }]),
      { name: 'Console', url: `${url}/console`, about: 'for operators' },
    ];
    const served = await Promise.all(pages.map((page) => isServed(page.url)));
    return screenLines(
      {
        version,
        mongo: services.found.mongo,
        redis: services.found.redis,
        skipped: services.skipped,
        dataDir: this.#shown(this.#dataDir),
        links: [
          ...pages.filter((_, i) => served[i]),
          { name: 'Graph', url: graph, about: 'HTTP and WebSocket' },
        ],
        providers: channelProviders(this.#settings),
        newOperatorKey: secrets.made.includes('HERALD_ADMIN_KEY')
          ? secrets.values.HERALD_ADMIN_KEY
          : undefined,
        graph,
        credential: this.#credential(secrets),
      },
      style(wantsColours(output, env)),
    );
  }

  #credential(secrets: Secrets): CurlCredential {
    if (this.#settings.HERALD_DEMO !== 'off')
      return { kind: 'demo-app', key: secrets.values.HERALD_DEMO_APP_KEY };
    const variable = 'HERALD_ADMIN_KEY';
    if (this.#settings[variable] !== undefined) return { kind: 'operator', variable };
    const file = this.#shown(join(this.#dataDir, 'secrets.json'));
    const path = file.startsWith('/') ? file : `./${file}`;
    return { kind: 'operator', variable, from: `node -p 'require("${path}").${variable}'` };
  }

  /** A path as short as it can be from here. */
  #shown(path: string): string {
    const short = relative(process.cwd(), path);
    return short === '' || short.startsWith('..') ? path : short;
  }

  #event(text: string): void {
    const time = new Date().toTimeString().slice(0, 8);
    this.#progress.print(`  ${time} ${text}`);
  }

  #onSignal(): void {
    this.#signalledAt ??= Date.now();
    if (this.#stopping) {
      if (Date.now() - this.#signalledAt >= SAME_SIGNAL_MS) void this.#hurry();
      return;
    }
    this.#stopped.abort(new Error('Herald is stopped.'));
    this.#progress.print('');
    this.#progress.step('finishing what is in hand, then stopping; Ctrl-C again ends at once');
    this.#stop().then(
      () => {
        if (this.#hurried) this.#endHurried();
        this.#progress.print(`  Herald has stopped. Its data is kept in ${this.#shown(this.#dataDir)}.`);
        process.exit(0);
      },
      (error: unknown) => {
        this.#progress.print(`  Stopping failed: ${messageOf(error)}`);
        process.exit(1);
      },
    );
  }

  /** Clients first, data services last. */
  #stop(): Promise<void> {
    this.#stopping ??= (async () => {
      await Promise.all(
        this.#roles.map((role) => role.stop(this.#settings.SHUTDOWN_TIMEOUT_MS + KILL_AFTER_MS)),
      );
      await Promise.all(this.#logs.map((log) => log.stop()));
      await this.#stopServices();
      await this.#lock?.release();
    })();
    return this.#stopping;
  }

  /** Those that are being started are waited for, unless that takes long (an installation): they end with the process. */
  async #stopServices(): Promise<void> {
    if (this.#services) return this.#services.stop();
    if (!this.#providing) return;
    const started = await Promise.race([
      this.#providing.catch(() => undefined),
      new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), STARTING_MS)),
    ]);
    await started?.stop();
  }

  /** The roles end now; the data services get a moment to write down what they have, and end by themselves after it. */
  async #hurry(): Promise<void> {
    this.#hurried = true;
    for (const role of this.#roles) role.kill();
    const services = this.#services?.stop() ?? Promise.resolve();
    await Promise.race([services, new Promise((resolve) => setTimeout(resolve, HURRY_MS))]);
    this.#endHurried();
  }

  #endHurried(): never {
    this.#progress.print('  Herald was ended at once.');
    process.exit(130);
  }
}

/** The roles share this process's cache of compiled modules, where it has one. */
function compileCache(): Environment {
  const folder = getCompileCacheDir();
  // The folder of this Node's version; the variable names the one above.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}
