/** The channels that an app of a workspace can be sent on: by accounts of the settings, or of the workspace. */
import type { Channel } from '../../platform/graphql/contract-enums.ts';
import type { IdleAccount, LiveAccount } from './stored-accounts.ts';

/** What is sent for. */
export interface Sending {
  readonly workspace: string;
  readonly app: string;
}

/** What a workspace has accounts for. */
interface Own {
  /** In use. What is broken fails, and can be replayed when it is mended; it is not passed over as if it were not there. */
  readonly serving: readonly Pick<LiveAccount | IdleAccount, 'record' | 'channels'>[];
  /** With those that are switched off: the sandbox stands in for none of these. */
  readonly channels: ReadonlySet<Channel>;
}

export class ConfiguredChannels {
  readonly #settings: ReadonlySet<Channel>;
  readonly #sandbox: ReadonlySet<Channel>;
  #byWorkspace: ReadonlyMap<string, Own> = new Map();

  /**
   * @param settings the channels of the settings' accounts, and IN_APP.
   * @param sandbox those of them that the sandbox serves.
   */
  constructor(settings: ReadonlySet<Channel>, sandbox: ReadonlySet<Channel> = new Set()) {
    this.#settings = settings;
    this.#sandbox = sandbox;
  }

  replaceStored(live: readonly LiveAccount[], idle: readonly IdleAccount[]): void {
    const serving = Map.groupBy([...live, ...idle.filter(({ isBroken }) => isBroken)], workspaceOf);
    this.#byWorkspace = new Map(
      [...Map.groupBy([...live, ...idle], workspaceOf)].map(([workspace, all]) => [
        workspace,
        { serving: serving.get(workspace) ?? [], channels: new Set(all.flatMap(({ channels }) => channels)) },
      ]),
    );
  }

  of({ workspace, app }: Sending): ReadonlySet<Channel> {
    const own = this.#byWorkspace.get(workspace);
    if (!own) return this.#settings;
    const usable = own.serving.filter(({ record }) => record.apps?.includes(app) ?? true);
    return new Set<Channel>([
      ...[...this.#settings].filter((channel) => !(this.#sandbox.has(channel) && own.channels.has(channel))),
      ...usable.flatMap(({ channels }) => channels),
    ]);
  }
}

const workspaceOf = ({ record }: Pick<LiveAccount, 'record'>): string => record.workspace;
