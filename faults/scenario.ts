/** What a fault is to the suite: how it is staged, what it may reach, and what must hold besides the promise. */
import type { Connection } from 'mongoose';
import type { Cluster, ClusterShape, RoleName } from './cluster/cluster.ts';
import type { LinkProxy } from './links/tcp-proxy.ts';
import type { Load } from './load/load.ts';
import type { ProviderStub } from './provider/provider-stub.ts';
import type { DataService } from './services/service.ts';

/**
 * The links of the roles to the data services; a scenario that names one gets a proxy in it: `mongo` is one for all
 * roles, `gateway-mongo` that of the gateways alone. (The provider's links are `stage.provider.links`.)
 */
export type Link = 'mongo' | 'redis' | `${RoleName}-${'mongo' | 'redis'}`;

/** All that a running scenario can reach. */
export interface Stage {
  /** Of this run alone: logs, journals, data. Kept when the scenario fails. */
  readonly dir: string;
  readonly seed: number;
  /** In [0, 1), the same sequence for the same seed. */
  readonly random: () => number;
  /** A number between, by the seed. */
  between(least: number, most: number): number;
  /** The quick form runs: a fault that can be shorter is. */
  readonly short: boolean;
  readonly mongo: DataService;
  readonly redis: DataService;
  readonly provider: ProviderStub;
  readonly cluster: Cluster;
  readonly load: Load;
  /** The store, past every link. */
  readonly store: Connection;
  /** Of the first operator, for questions to the graph. */
  readonly operatorKey: string;
  /** Between all roles and a data service. */
  link(name: Link): LinkProxy;
  /** Deliveries that are claimed right now: what may be doubled when their workers die. */
  inFlight(): Promise<number>;
  pause(ms: number): Promise<void>;
  /** For the log of the run. */
  say(text: string): void;
}

/** What a fault tells besides what the checker finds. */
export interface FaultResult {
  /** Each makes the scenario fail. */
  readonly problems?: readonly string[];
  /** What was in flight at the fault: as many duplicates are allowed. */
  readonly inFlight?: number;
  /** So long what was sent in time may have been held back by the network itself, in ms. */
  readonly heldBackMs?: number;
  /** For the table's last column: "taken over after 6.2 s". */
  readonly note?: string;
}

export interface Scenario {
  /** kebab-case, for `--only`. */
  readonly name: string;
  /** What the table says: "Gateway: kill -9". */
  readonly title: string;
  /** Part of the short form, which the tests run. */
  readonly short?: boolean;
  /** Default: 2 gateways, 2 dispatchers, 2 schedulers. */
  readonly shape?: Partial<ClusterShape>;
  /** Settings of a role's i-th process, over those of all. */
  readonly env?: (role: RoleName, index: number) => Readonly<Record<string, string>>;
  /** How the data services are started, where it matters: a folder on a small disk. */
  readonly services?: { readonly mongoDir?: string; readonly redisDir?: string };
  /** Offered a second. Default 100; the short form 50. */
  readonly ratePerSecond?: number;
  /** Load before and after the fault. Default 5 and 10; the short form 2 and 3. */
  readonly seconds?: { readonly before?: number; readonly after?: number };
  /** Answers why it cannot run here: it is skipped with this sentence. */
  readonly missing?: () => Promise<string | undefined>;
  /** How long the system may take to drain after the load ends, in seconds. Default 60. */
  readonly drainSeconds?: number;
  /** Most duplicates at the provider; else `FaultResult.inFlight`, else what the dispatchers hold at most. */
  readonly duplicatesAllowed?: number;
  /** Does the harm, and puts it right: returns once the fault is over. The load goes on meanwhile. */
  readonly fault: (stage: Stage) => Promise<FaultResult | undefined>;
  /** Looks at the drained system. Answers further problems. */
  readonly verify?: (stage: Stage) => Promise<readonly string[]>;
  /** Undoes what the machine must not keep (a mount), however the scenario went. */
  readonly cleanUp?: () => Promise<void>;
  /** Before the services start: makes what `services` names. */
  readonly prepare?: (
    dir: string,
  ) => Promise<{ readonly mongoDir?: string; readonly redisDir?: string } | undefined>;
}

export const DEFAULT_SHAPE: ClusterShape = { gateway: 2, dispatcher: 2, scheduler: 2 };
