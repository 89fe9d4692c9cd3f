/** Herald as N processes of each role, with what a load balancer does in front of the gateways. */
import { freePort } from '../../platform/data-services/free-port.ts';
import { type Ended, type RoleEnv, RoleInstance, type RoleName } from './role-instance.ts';

export type { Ended, RoleEnv, RoleName } from './role-instance.ts';

/** Processes of each role. */
export type ClusterShape = Readonly<Record<RoleName, number>>;

export interface ClusterOptions {
  readonly shape: ClusterShape;
  /** Settings of every process: data services, secrets, providers. */
  readonly env: RoleEnv;
  /** Over those, of one process. */
  readonly envOf?: (role: RoleName, index: number) => RoleEnv;
  /** An existing folder: a log per process. */
  readonly logDir: string;
}

/** As often as a load balancer's health check at its quickest. */
const CHECK_MS = 200;
/** Health checks without an answer that a gateway may have: it may only be busy. */
const SILENT_CHECKS = 2;

export class Cluster {
  readonly #instances: readonly RoleInstance[];
  readonly #ready = new Set<RoleInstance>();
  /** Those that have not answered their last checks in time: nothing else speaks against them. */
  readonly #silent = new Set<RoleInstance>();
  readonly #checks = new Map<RoleInstance, NodeJS.Timeout>();
  #next = 0;
  #closed = false;

  private constructor(instances: readonly RoleInstance[]) {
    this.#instances = instances;
  }

  /** Starts all of it. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const instances: RoleInstance[] = [];
    for (const role of ['gateway', 'dispatcher', 'scheduler'] as const)
      for (let index = 0; index < options.shape[role]; index++)
        instances.push(
          new RoleInstance({
            role,
            index,
            port: await freePort(),
            logDir: options.logDir,
            env: { ...options.env, ...options.envOf?.(role, index) },
          }),
        );
    const cluster = new Cluster(instances);
    process.on('exit', cluster.#onExit);
    try {
      await cluster.startAll();
      await Promise.all(cluster.all('gateway').map((gateway) => cluster.#check(gateway)));
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  all(role?: RoleName): readonly RoleInstance[] {
    return this.#instances.filter((instance) => role === undefined || instance.role === role);
  }

  /** @throws Error when there is none. */
  the(role: RoleName, index = 0): RoleInstance {
    const found = this.#instances.find((instance) => instance.role === role && instance.index === index);
    if (!found) throw new Error(`There is no ${role}-${index}.`);
    return found;
  }

  /** Whose process it is. */
  byPid(pid: number): RoleInstance | undefined {
    return this.#instances.find((instance) => instance.pid === pid);
  }

  kill9(role: RoleName, index = 0): Promise<void> {
    return this.the(role, index).kill9();
  }
  term(role: RoleName, index = 0): Promise<Ended> {
    return this.the(role, index).term();
  }
  stop(role: RoleName, index = 0): void {
    this.the(role, index).stop();
  }
  cont(role: RoleName, index = 0): void {
    this.the(role, index).cont();
  }
  /** Again, after it has ended. */
  start(role: RoleName, index = 0, env?: RoleEnv): Promise<void> {
    return this.the(role, index).start(env);
  }

  /** Starts all, none of which runs: a gateway first, which makes what must be there, then two at a time. */
  async startAll(): Promise<void> {
    const [first, ...others] = this.#instances;
    await first?.start();
    for (let i = 0; i < others.length; i += 2)
      await Promise.all(others.slice(i, i + 2).map((instance) => instance.start()));
  }

  /** All that has ended runs again, and all that stands still goes on. */
  async mend(): Promise<void> {
    for (const instance of this.#instances) {
      if (instance.stopped) instance.cont();
      if (!instance.running) await instance.start();
    }
  }

  /** @throws Error that says which process is not, and why. */
  async untilReady(timeoutMs = 30_000): Promise<void> {
    await Promise.all(this.#instances.map((instance) => instance.untilReady(timeoutMs)));
  }

  /**
   * The next gateway that was ready at the last health check, in turn; where there is none, one that is only silent, as
   * load balancers do (Envoy's panic threshold): it may only be slow, while nobody at all certainly serves nothing.
   */
  gateway(): RoleInstance | undefined {
    this.#next += 1;
    const those = this.#ready.size > 0 ? this.#ready : this.#silent;
    return [...those][this.#next % Math.max(1, those.size)];
  }

  /** Ends every process; the ones that do not end by themselves within 10 s are killed. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#checks.values()) clearTimeout(timer);
    await Promise.all(this.#instances.map((instance) => instance.term(10_000)));
    process.off('exit', this.#onExit);
  }

  /** Nothing is left behind when the suite itself ends early. */
  readonly #onExit = () => {
    for (const { pid } of this.#instances) if (pid !== undefined) process.kill(pid, 'SIGKILL');
  };

  /** Each gateway by itself: one that stands still holds up no news of another. */
  async #check(gateway: RoleInstance, silentBefore = 0): Promise<void> {
    const { ready, silent } = await gateway.readiness();
    const silentNow = silent ? silentBefore + 1 : 0;
    if (ready) this.#ready.add(gateway);
    else if (!silent || silentNow > SILENT_CHECKS) this.#ready.delete(gateway);
    if (silent) this.#silent.add(gateway);
    else this.#silent.delete(gateway);
    if (!this.#closed)
      this.#checks.set(
        gateway,
        setTimeout(() => void this.#check(gateway, silentNow), CHECK_MS),
      );
  }
}
